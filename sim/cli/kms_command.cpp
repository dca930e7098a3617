// SPDX-License-Identifier: Apache-2.0

// glovebox kms: a key management service that checks attestation, and says why it refused.

#include <fmt/core.h>

#include <filesystem>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "core/base/workflow_commands.h"
#include "core/confinement/confinement.h"
#include "core/service/process_setup.h"
#include "nsm-mock/pki/named_root.h"
#include "nsm-mock/pki/pki_directory.h"
#include "sim/cli/clock_option.h"
#include "sim/cli/commands.h"
#include "sim/cli/faults_of.h"
#include "sim/cli/http_limits.h"
#include "sim/cli/log_option.h"
#include "sim/cli/pki_option.h"
#include "sim/cli/served_targets.h"
#include "sim/cli/shared_options.h"
#include "sim/cli/world_ca_option.h"
#include "sim/command_line/bytes_argument.h"
#include "sim/enclave/world_directory.h"
#include "sim/kms/daemon.h"
#include "sim/kms/explain.h"
#include "sim/kms/key_database.h"
#include "sim/kms/scene.h"
#include "sim/kms/service.h"
#include "sim/kms/state_directory.h"
#include "sim/up/annotations.h"
#include "sim/up/kms_refusals.h"
#include "sim/up/summary.h"
#include "sim/up/variables.h"

namespace glovebox::cli {
namespace {

constexpr std::string_view scene_text = R"(users:
  alice: {access_key_id: AKIDEXAMPLE, secret_access_key: secret}
keys:
- alias: alias/app
  policy: {Version: "2012-10-17", Statement: [...]})";

constexpr const char* default_address = "127.0.0.1:4599";
constexpr std::size_t scene_bytes_max = 1024 * 1024;

kms::Scene read_scene(const Values& values) {
    const kms::SceneOverrides overrides{values.text("--account"), values.text("--region")};
    const std::string seed = values.text("--seed");
    if (seed.empty())
        return kms::parse_scene("{}", "no scene", {}, overrides).value();
    const Bytes content = command_line::read_file(seed, scene_bytes_max).value();
    const auto folder = std::filesystem::path(seed).parent_path();
    const auto read_beside = [&](const std::string& name) -> Result<std::string> {
        auto file = command_line::read_file((folder / name).string(), scene_bytes_max);
        if (!file)
            return file.error();
        return std::string(as_text(*file));
    };
    return kms::parse_scene(as_text(content), seed, {read_beside, up::look_in_environment},
                            overrides)
        .value();
}

Result<nsm::TrustRoot> find_root(const std::string& name, const PkiOption& pki,
                                 RandomSource& random) {
    return nsm::named_root(name, [&]() -> Result<nsm::Certificate> {
        const auto directory = pki.directory();
        if (!directory)
            return directory.error();
        auto root = nsm::open_pki(*directory, random);
        if (!root)
            return root.error();
        return std::move(root->certificate);
    });
}

std::vector<std::string> tls_hosts(const Values& values, const kms::Scene& scene) {
    std::vector<std::string> hosts = values.list("--tls-host");
    if (hosts.empty())
        hosts = {fmt::format("kms.{}.{}", scene.region, iam::domain_of(scene.region)), "localhost"};
    return hosts;
}

std::vector<http::ServerOptions> make_listeners(const Values& values, const kms::Scene& scene,
                                                TimePoint now, RandomSource& random) {
    std::vector<http::ServerOptions> listeners;
    const auto add = [&](const std::string& text) -> http::ServerOptions& {
        http::ServerOptions listener;
        listener.address = http::parse_address(text).value();
        listener.body_bytes_max = kms::request_body_bytes_max;
        listener.idle_timeout = values.duration("--idle-timeout");
        if (values.text("--auth") == "off" && !listener.address.is_loopback())
            throw UsageError(fmt::format(
                "--auth: off serves this machine alone, and {} is not a loopback address: give "
                "--listen 127.0.0.1:PORT",
                listener.address.ip));
        return listeners.emplace_back(std::move(listener));
    };
    const auto plain = values.find_text("--listen");
    const auto tls = values.find_text("--listen-tls");
    if (plain || !tls)
        add(plain.value_or(default_address));
    if (tls) {
        std::vector<std::string> hosts = tls_hosts(values, scene);
        const auto ca = WorldCaOption::of(values).open(hosts, now, random).value();
        // An authority that was made for certain names is given for a server with these names.
        if (values.has("--tls-ca") && !values.has("--tls-host"))
            hosts = ca.hosts();
        add(*tls).tls = ca.issue(hosts, now, random).value();
    }
    return listeners;
}

// The connection string, which no message quotes: it may have a password.
std::string key_database(const Values& values, Log& log) {
    const std::string text = values.text("--database");
    if (const std::string mistake = kms::why_not_key_database(text);
        !text.empty() && !mistake.empty())
        throw UsageError("--database: " + mistake);
    if (values.is_argument("--database") && kms::shows_password(text))
        log.warning("password_shown",
                    "other users of this machine can see the password of --database among the "
                    "arguments of this process: set GLOVEBOX_KMS_DATABASE or PGPASSFILE instead");
    return text;
}

int serve_kms(const Values& values) {
    const auto own_log = make_log(values, "kms");
    up::Annotations annotations(is_workflow_step() && !values.flag("--log-json"));
    up::AnnotatedLog log(*own_log, annotations);
    std::optional<up::SummaryFile> summary;
    if (const auto name = values.find_text("--summary"))
        summary.emplace(up::SummaryFile::open(*name).value());
    const OffsetClock clock = ClockOption::of(values).make();
    SystemRandom random;
    core::ignore_write_signals();
    kms::DaemonSettings settings;
    settings.scene = read_scene(values);
    settings.listeners = make_listeners(values, settings.scene, clock.now(), random);
    settings.state_directory = kms::open_state_directory(values.text("--state")).value();
    settings.in_memory = values.flag("--in-memory");
    settings.database = key_database(values, log);
    for (const std::string& name :
         values.has("--root") ? values.list("--root") : std::vector<std::string>{"mock", "aws"})
        settings.roots.push_back(find_root(name, PkiOption::of(values), random).value());
    settings.authenticate = values.text("--auth") != "off";
    settings.caller = values.find_text("--caller");
    settings.limits = raise_http_limits(values);
    settings.threads = values.number<unsigned>("--threads");
    settings.faults = faults_of(values.text("--world"));
    std::optional<tls::ServedNames> served;
    settings.ready = [&](const std::string& https) {
        const WorldCaOption ca = WorldCaOption::of(values);
        // The enclaves of the world trust its own authority alone.
        if (https.empty() || !ca.directory.empty())
            return;
        if (auto announced = announce_served(ca.world, tls_hosts(values, settings.scene), https))
            served.emplace(std::move(*announced));
        else
            log.warning("not_announced", "proxies of the world need --resolve to find this KMS: {}",
                        field("error", announced.error().message));
    };
    const std::string trace = kms::trace_of(settings.state_directory).value();
    const up::KmsRefusals refusals(trace);
    core::Needs needs{.writable = {settings.state_directory}};
    if (const auto world = enclave::world_path(values.text("--world")))
        needs.writable.push_back(*world);  // for ServedNames
    if (!settings.database.empty()) {
        needs.connects_by_tcp = true;
        needs.readable = kms::files_of_key_database(settings.database);
    }
    core::confine(needs, log).value();
    kms::serve(settings, clock, random, log).value();
    if (summary)
        summary->append(up::kms_summary(refusals.read(), trace)).value();
    return exit_done;
}

int explain_request(const Values& values) {
    const std::string file = values.has("--trace")   ? values.text("--trace")
                             : values.has("--state") ? kms::trace_of(values.text("--state")).value()
                                                     : kms::newest_trace().value();
    std::optional<std::string> policy;
    if (const auto policy_file = values.find_text("--policy"))
        policy = kms::parse_policy_file(
                     as_text(command_line::read_file(*policy_file, scene_bytes_max).value()),
                     *policy_file, up::look_in_environment)
                     .value();
    const auto found = kms::find_in_trace(file, values.text("--request")).value();
    std::cerr << fmt::format("glovebox: {}: {}\n", file,
                             kms::describe_request(found.record, SystemClock().now()));
    if (!found.broken_lines.empty())
        std::cerr << "glovebox: note: " << kms::describe_broken_lines(found.broken_lines) << '\n';
    const auto explanation = kms::explain(found.record, policy).value();
    std::cout << explanation.text;
    return explanation.allowed ? exit_done : exit_failed;
}

std::string check_account(const std::string& text) {
    return iam::is_account(text) ? std::string() : "an account is 12 digits; found " + text;
}

std::string check_region(const std::string& text) {
    return nsm::is_region(text) ? std::string()
                                : "a region is a name such as us-east-1; found " + text;
}

Command explain_command() {
    return {
        .name = "explain",
        .summary = "Judge a recorded request again, by another key policy if one is given",
        .options = {state_option(),
                    {.name = "--trace",
                     .kind = Kind::file,
                     .placeholder = "FILE",
                     .summary = "The trace",
                     .default_note = "trace.jsonl in the state directory, or that of the last "
                                     "`glovebox up` if it is newer"},
                    {.name = "--request",
                     .placeholder = "ID",
                     .summary = "The request's id, x-amzn-RequestId",
                     .default_note = "the last request that was refused"},
                    {.name = "--policy",
                     .kind = Kind::file,
                     .placeholder = "FILE",
                     .summary =
                         "Judge by this key policy, in JSON or YAML, instead of the key's own"}},
        .examples = {{"Why was the last request refused?", "glovebox kms explain"},
                     {"Would this policy have allowed it?",
                      "glovebox kms explain --policy edited.json"}},
        .exit_codes = {{"0", "the policies allow the request"},
                       {"1", "they do not, or the trace could not be read"},
                       {"2", "the command line is wrong"}},
        .see_also = {"glovebox-kms(1)"},
        .run = explain_request};
}

Options serve_options() {
    return {{.name = "--listen",
             .placeholder = "IP:PORT",
             .check = problem_by<http::parse_address>,
             .summary = "The address for plain HTTP",
             .default_note = "127.0.0.1:4599, or none with --listen-tls"},
            {.name = "--listen-tls",
             .placeholder = "IP:PORT",
             .check = problem_by<http::parse_address>,
             .summary = "The address for HTTPS"},
            {.name = "--tls-host",
             .placeholder = "HOST",
             .repeat = Repeat::list,
             .summary = "A name in the server's certificate",
             .default_note = "kms.REGION.amazonaws.com and localhost; with --tls-ca also the "
                             "other names that the authority may vouch for"},
            state_option(),
            {.name = "--in-memory",
             .kind = Kind::flag,
             .summary = "Keep keys in memory; they are lost when the process ends"},
            {.name = "--database",
             .placeholder = "URL",
             .excludes = {"--in-memory"},
             .summary = "Keep keys in PostgreSQL instead of a file, for several KMS processes: "
                        "postgresql://USER@HOST/DATABASE",
             .variable = "GLOVEBOX_KMS_DATABASE"},
            {.name = "--seed",
             .kind = Kind::file,
             .placeholder = "FILE",
             .summary = "The scene: accounts, credentials, IAM policies and keys"},
            {.name = "--account",
             .placeholder = "ID",
             .check = check_account,
             .summary = "The account that owns the keys"},
            {.name = "--region",
             .placeholder = "NAME",
             .check = check_region,
             .summary = "The region",
             .default_note = "the scene's, or us-east-1"},
            {.name = "--auth",
             .kind = Kind::choice,
             .placeholder = "MODE",
             .noun = "a mode",
             .choices = {"sigv4", "off"},
             .summary = "sigv4: verify signatures; off: accept every request (on loopback alone)",
             .default_value = "sigv4"},
            {.name = "--caller",
             .placeholder = "ARN",
             .check = problem_by<iam::parse_principal>,
             .summary = "With --auth off, the caller if the credentials are unknown",
             .default_note = "the account's root user"},
            {.name = "--root",
             .placeholder = "ROOT",
             .repeat = Repeat::list,
             .summary = "A root of attestation to trust: mock, aws, or a certificate's file",
             .default_note = "mock and aws"},
            {.name = "--threads",
             .kind = Kind::number,
             .placeholder = "N",
             .noun = "a number of threads",
             .least = 1,
             .most = 64,
             .summary = "The number of threads that answer requests",
             .default_value = "2"},
            {.name = "--summary",
             .kind = Kind::file,
             .placeholder = "FILE",
             .summary = "At the end, append a summary in Markdown to this file, for "
                        "$GITHUB_STEP_SUMMARY: what was refused, and why"},
            PkiOption::option(),
            ClockOption::option()};
}

}  // namespace

Command kms_command() {
    return {
        .name = "kms",
        .summary = "Run a KMS that verifies attestation documents and explains each refusal",
        .description = {"Each refusal is explained in the log, in DIR/trace.jsonl and in the "
                        "header x-glovebox-explanation, where DIR is the state directory. "
                        "DIR/cloudtrail.jsonl has events in CloudTrail's form. In a step of "
                        "GitHub Actions (GITHUB_ACTIONS=true), refusals are annotations too.",
                        "If the scene (the file of --seed) has no users, AWS's example "
                        "credentials are accepted: AKIAIOSFODNN7EXAMPLE with the secret "
                        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY. `glovebox imds` gives a "
                        "role's credentials. docs/kms.md describes scenes in full."},
        .options = command_line::joined(
            {serve_options(), http_limits_options(), WorldCaOption::options(), log_options()}),
        .examples =
            {{"A KMS on loopback for the AWS SDKs, with credentials and keys from a scene",
              "glovebox kms --seed keys.yaml &\n"
              "AWS_ENDPOINT_URL_KMS=http://127.0.0.1:4599 \\\n"
              "    aws kms describe-key --key-id alias/app"},
             {"With TLS as kms.us-east-1.amazonaws.com, for enclaves: proxies of the same world "
              "lead that name to it",
              "glovebox kms --seed keys.yaml --listen-tls 127.0.0.1:4600"},
             {"Why was the last request refused, and would this policy have allowed it?",
              "glovebox kms explain\n"
              "glovebox kms explain --policy edited.json"}},
        .sections = {{"Scene", scene_text, true}},
        .see_also = {"glovebox-imds(1)", "glovebox-kms-explain(1)", "glovebox-proxy(1)",
                     "glovebox-up(1)"},
        .subcommands = {explain_command()},
        .run = serve_kms};
}

}  // namespace glovebox::cli
