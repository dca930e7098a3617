// SPDX-License-Identifier: Apache-2.0

#include "sim/up/world_keys.h"

#include "core/address/vsock_address.h"
#include "core/dial/dialer.h"
#include "core/egress/egress.h"
#include "core/proxy/proxy_route.h"
#include "core/rules/allowlist.h"
#include "core/rules/allowlist_file.h"
#include "core/service/status_server.h"
#include "nsm-mock/pki/certificate_authority.h"
#include "sim/iam/arn.h"
#include "sim/kms/key_database.h"
#include "sim/up/traced_traffic.h"

namespace glovebox::up {
namespace {

constexpr std::int64_t port_max = 0xfffffffe;  // VMADDR_PORT_ANY is none
constexpr std::int64_t cid_max = 0xfffffffe;
constexpr std::int64_t mebibytes_max = 16 * 1024 * 1024;
constexpr std::int64_t cpus_max = 4096;

template <auto parse>
std::string problem_by(const std::string& text) {
    const auto parsed = parse(text);
    return parsed ? std::string() : parsed.error().message;
}

std::string problem_of_rule(const std::string& text) {
    const auto rule = core::TargetRule::parse(text);
    return rule ? std::string() : rule.error().message;
}

std::string problem_of_region(const std::string& text) {
    // A number would pass is_region(), and is no region.
    return nsm::is_region(text) && text.find_first_not_of("0123456789") != std::string::npos
               ? ""
               : "a name such as us-east-1 was expected";
}

std::string problem_of_role(const std::string& text) {
    const auto role = iam::session_of(text, "i-0");
    return role ? std::string() : role.error().message;
}

KeyFacts log_level() {
    return {.name = "log_level",
            .form = Form::choice,
            .summary = "The log of this part has messages of this level and above",
            .default_note = "info, and warning for the parent's command",
            .choices = {"debug", "info", "warning", "error"}};
}

KeyFacts trace() {
    return {.name = "trace",
            .form = Form::flag,
            .summary = "The log has each supervised call and connection of the program"};
}

KeyFacts trace_traffic() {
    return {.name = "trace_traffic",
            .form = Form::number,
            .summary =
                "So many bytes of each direction of a connection are on the timeline and in "
                "the record, with whatever secrets they have",
            .default_note = "none",
            .least = 1,
            .most = static_cast<std::int64_t>(traced_bytes_max)};
}

KeyFacts idle_timeout() {
    return {
        .name = "idle_timeout",
        .form = Form::duration,
        .summary = "A connection that has carried no byte for this time is closed; 0s for never",
        .default_note = "1h"};
}

KeyFacts status() {
    return {.name = "status",
            .form = Form::text,
            .summary =
                "Serve /metrics, /healthz and /connections by HTTP at this address: "
                "127.0.0.1:9100, or the path of a Unix socket with a '/' in it",
            .problem = problem_by<core::parse_status_address>};
}

KeyFacts variables() {
    return {.name = "env",
            .form = Form::variables,
            .summary = "Variables of the program's environment; they win over those of env_file"};
}

KeyFacts variable_files() {
    return {.name = "env_file",
            .form = Form::files,
            .summary = "Files of such variables, NAME=VALUE in each line; a later file wins"};
}

KeyFacts trust_variables() {
    return {.name = "trust_env",
            .form = Form::flag,
            .summary =
                "SSL_CERT_FILE and other runtimes' variables name the world's TLS authority; this "
                "needs kms, or `--world` with an authority"};
}

template <class Part>
SectionFacts section(std::string_view name, bool has_parts, std::string_view summary,
                     const std::vector<Key<Part>>& keys) {
    SectionFacts facts{name, has_parts, summary, {}};
    for (const Key<Part>& key : keys)
        facts.keys.push_back(key.facts);
    return facts;
}

}  // namespace

const std::vector<Key<WorldFile>>& top_keys() {
    static const std::vector<Key<WorldFile>> keys{
        {{.name = "region",
          .summary = "The region of all parts",
          .default_note = "the scene's (kms: seed), or us-east-1",
          .problem = problem_of_region},
         &WorldFile::region},
        {{.name = "role_arn",
          .summary = "The parent instance's role, for its credentials and for PCR3",
          .problem = problem_of_role},
         &WorldFile::role_arn},
        {{.name = "faults",
          .form = Form::faults,
          .summary = "`glovebox fault` can let connections, services and enclaves fail; a list "
                     "has faults that are set without it"},
         &WorldFile::faults},
    };
    return keys;
}

const std::vector<Key<KmsPart>>& kms_keys() {
    static const std::vector<Key<KmsPart>> keys{
        {{.name = "seed",
          .form = Form::file,
          .summary = "The scene: accounts, credentials, IAM policies and keys"},
         &KmsPart::seed},
        {{.name = "state",
          .form = Form::new_file,
          .summary = "A folder that keeps the keys and the trace",
          .default_note = "one that ends with the world"},
         &KmsPart::state},
        {{.name = "database",
          .form = Form::text,
          .summary = "Keep the keys in PostgreSQL, `postgresql://USER@HOST/DATABASE`; the folder "
                     "`state` keeps the trace",
          .default_note = "the keys are in the folder `state`",
          .problem = kms::why_not_key_database},
         &KmsPart::database},
        {{.name = "tls_hosts",
          .form = Form::texts,
          .summary = "Further names in its certificate, and names that the world's TLS authority "
                     "may vouch for",
          .default_note = "kms.REGION.amazonaws.com and localhost alone"},
         &KmsPart::tls_hosts},
        {{.name = "auth",
          .form = Form::choice,
          .summary = "off accepts requests without a signature",
          .default_note = "sigv4",
          .choices = {"sigv4", "off"}},
         &KmsPart::auth},
        {log_level(), &KmsPart::log_level},
    };
    return keys;
}

const std::vector<Key<ImdsPart>>& imds_keys() {
    static const std::vector<Key<ImdsPart>> keys{
        {{.name = "require_tokens",
          .form = Form::flag,
          .summary = "Requests need a session token, as IMDSv2 has it"},
         &ImdsPart::require_tokens},
        {log_level(), &ImdsPart::log_level},
    };
    return keys;
}

const std::vector<Key<ProxyPart>>& proxy_keys() {
    static const std::vector<Key<ProxyPart>> keys{
        {{.name = "listen",
          .form = Form::texts,
          .summary = "Vsock ports of the parent and their targets: 8000=HOST:PORT, or 8001=connect "
                     "for a CONNECT proxy",
          .problem = problem_by<core::parse_parent_route>},
         &ProxyPart::listen},
        {{.name = "allow",
          .form = Form::texts,
          .summary = "Hosts that may be reached: HOST:PORT, *.example.com:443",
          .default_note = "the fixed targets",
          .problem = problem_of_rule},
         &ProxyPart::allow},
        {{.name = "allowlist",
          .form = Form::files,
          .summary = "Files of such rules, in the form of AWS's vsock-proxy.yaml",
          .problem = problem_by<core::read_allowlist>},
         &ProxyPart::allowlists},
        {{.name = "resolve",
          .form = Form::texts,
          .summary = "HOST:PORT=ADDRESS:PORT: where a host is, whatever DNS says",
          .problem = problem_by<core::parse_resolved_target>},
         &ProxyPart::resolve},
        {idle_timeout(), &ProxyPart::idle_timeout},
        {status(), &ProxyPart::status},
        {log_level(), &ProxyPart::log_level},
        {trace_traffic(), &ProxyPart::trace_traffic},
        {{.name = "vsock_proxy",
          .form = Form::words,
          .summary = "AWS's vsock-proxy instead: LOCAL-PORT REMOTE-ADDRESS REMOTE-PORT"},
         &ProxyPart::vsock_proxy},
        {{.name = "config",
          .form = Form::file,
          .summary = "The allowlist of vsock_proxy, in the form of AWS's vsock-proxy.yaml"},
         &ProxyPart::config},
    };
    return keys;
}

const std::vector<Key<EnclavePart>>& enclave_keys() {
    static const std::vector<Key<EnclavePart>> keys{
        {{.name = "command",
          .form = Form::words,
          .summary = "The program and its arguments: a list, or a text that is split into words as "
                     "a shell does"},
         &EnclavePart::command},
        {{.name = "eif",
          .form = Form::file,
          .summary = "An enclave image instead, as Nitro starts it"},
         &EnclavePart::eif},
        {{.name = "rootfs",
          .form = Form::file,
          .summary = "A root file system, with or without a command"},
         &EnclavePart::root_fs},
        {{.name = "cid",
          .form = Form::number,
          .summary = "The enclave's CID",
          .default_note = "the first free one from 16",
          .least = core::cid_parent + 1,
          .most = cid_max},
         &EnclavePart::cid},
        {{.name = "debug",
          .form = Form::flag,
          .summary = "Debug mode, in which PCR0 to PCR2 are zero"},
         &EnclavePart::debug},
        {{.name = "ready",
          .form = Form::number,
          .summary = "The enclave is ready when it listens on this vsock port",
          .default_note = "ready as soon as it is started",
          .least = 0,
          .most = port_max},
         &EnclavePart::ready},
        {{.name = "ready_timeout",
          .form = Form::duration,
          .summary = "An enclave that is not ready after this time fails",
          .default_note = "30s, and 5m in virtual machines"},
         &EnclavePart::ready_timeout},
        {{.name = "depends_on",
          .form = Form::texts,
          .summary = "Enclaves that are ready before this one is started"},
         &EnclavePart::depends_on},
        {{.name = "restart",
          .form = Form::choice,
          .summary = "on-failure starts the enclave again when it ends with another status than 0 "
                     "after it was ready",
          .default_note = "never",
          .choices = {"never", "on-failure"}},
         &EnclavePart::restart},
        {{.name = "allow_exit",
          .form = Form::flag,
          .summary = "The enclave may end, with whatever status, and the world does not fail"},
         &EnclavePart::allow_exit},
        {trust_variables(), &EnclavePart::trust_env},
        {variables(), &EnclavePart::environment},
        {variable_files(), &EnclavePart::environment_files},
        {{.name = "mount", .form = Form::files, .summary = "Further folders that the enclave sees"},
         &EnclavePart::mounts},
        {{.name = "memory",
          .form = Form::number,
          .summary = "Memory in MiB",
          .least = 1,
          .most = mebibytes_max},
         &EnclavePart::memory_mib},
        {{.name = "cpus",
          .form = Form::number,
          .summary = "The number of CPUs",
          .least = 1,
          .most = cpus_max},
         &EnclavePart::cpu_count},
        {{.name = "egress",
          .form = Form::flag,
          .summary = "Programs of the enclave reach allowed hosts by their names, without any "
                     "setting, through a proxy with a CONNECT listener"},
         &EnclavePart::egress},
        {{.name = "egress_proxy",
          .summary = "The vsock address of that proxy, CID:PORT",
          .default_note = "the first CONNECT listener of proxies",
          .problem = problem_by<core::parse_vsock_address>},
         &EnclavePart::egress_proxy},
        {{.name = "egress_ports",
          .form = Form::texts,
          .summary = "The TCP ports at which hosts are reached: 443, 8000-8010",
          .default_note = "80 and 443",
          .problem = problem_by<core::parse_egress_ports>},
         &EnclavePart::egress_ports},
        {{.name = "egress_shared_ports",
          .form = Form::texts,
          .summary = "Further such ports, at which the program itself listens on 127.0.0.1",
          .problem = problem_by<core::parse_egress_shared_ports>},
         &EnclavePart::egress_shared_ports},
        {{.name = "isolation",
          .form = Form::choice,
          .summary = "sandbox is an error where the machine does not allow one; none keeps this "
                     "machine's files and network",
          .default_note = "a sandbox, and a warning where the machine does not allow one",
          .choices = {"sandbox", "none"}},
         &EnclavePart::isolation},
        {log_level(), &EnclavePart::log_level},
        {trace(), &EnclavePart::trace},
        {trace_traffic(), &EnclavePart::trace_traffic},
    };
    return keys;
}

const std::vector<Key<ForwardPart>>& forward_keys() {
    static const std::vector<Key<ForwardPart>> keys{
        {{.name = "listen",
          .form = Form::texts,
          .summary = "TCP ports of the parent and where each leads: [ADDRESS:]PORT=ENCLAVE:PORT, "
                     "an enclave by its name or its CID"},
         &ForwardPart::listen},
        {idle_timeout(), &ForwardPart::idle_timeout},
        {status(), &ForwardPart::status},
        {log_level(), &ForwardPart::log_level},
        {trace_traffic(), &ForwardPart::trace_traffic},
    };
    return keys;
}

const std::vector<Key<ParentPart>>& parent_keys() {
    static const std::vector<Key<ParentPart>> keys{
        {trust_variables(), &ParentPart::trust_env},
        {variables(), &ParentPart::environment},
        {variable_files(), &ParentPart::environment_files},
        {log_level(), &ParentPart::log_level},
        {trace(), &ParentPart::trace},
        {trace_traffic(), &ParentPart::trace_traffic},
    };
    return keys;
}

SectionFacts planned_fault() {
    return section("", false, "A fault that is set without `glovebox fault`", planned_fault_keys());
}

std::vector<SectionFacts> world_sections() {
    return {
        section("", false, "The world", top_keys()),
        section("kms", false, "A KMS that checks attestation", kms_keys()),
        section("imds", false, "Instance metadata at 169.254.169.254 for the command", imds_keys()),
        section("proxies", true, "The enclaves' ways to the network, on the parent", proxy_keys()),
        section("enclaves", true, "The enclaves", enclave_keys()),
        section("forwards", true, "The ways in: TCP ports of the parent that lead to enclaves",
                forward_keys()),
        section("parent", false, "The command after --, which runs as a parent program",
                parent_keys())};
}

}  // namespace glovebox::up
