// SPDX-License-Identifier: Apache-2.0

// glovebox kms: a key management service that checks attestation, and says why it refused.

#include <fmt/core.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/process_setup.h"
#include "nsm-mock/pki/certificate_authority.h"
#include "nsm-mock/pki/pki_directory.h"
#include "sim/cli/clock_option.h"
#include "sim/cli/commands.h"
#include "sim/cli/http_limits.h"
#include "sim/cli/log_option.h"
#include "sim/cli/pki_option.h"
#include "sim/cli/state_directory.h"
#include "sim/cli/world_ca_option.h"
#include "sim/command_line/bytes_argument.h"
#include "sim/http/serve_until_signal.h"
#include "sim/http/server.h"
#include "sim/kms/explain.h"
#include "sim/kms/scene.h"
#include "sim/kms/service.h"

namespace glovebox::cli {
namespace {

constexpr std::string_view scene_text = R"(users:
  alice: {access_key_id: AKIDEXAMPLE, secret_access_key: secret}
keys:
- alias: alias/app
  policy: {Version: "2012-10-17", Statement: [...]})";

constexpr const char* default_address = "127.0.0.1:4599";
constexpr std::size_t scene_bytes_max = 1024 * 1024;
constexpr std::size_t certificate_bytes_max = 64 * 1024;
constexpr std::size_t trace_bytes_max = std::size_t{1} << 30;

Result<nsm::TrustRoot> read_root(const std::string& text, const PkiOption& pki,
                                 RandomSource& random) {
    if (text == "aws")
        return nsm::TrustRoot::aws();
    if (text == "mock") {
        const auto directory = pki.directory();
        if (!directory)
            return directory.error();
        auto root = nsm::open_pki(*directory, random);
        if (!root)
            return root.error();
        return nsm::TrustRoot("mock", std::move(root->certificate));
    }
    const auto content = command_line::read_file(text, certificate_bytes_max);
    if (!content)
        return Error(content.error()).in("--root");
    auto certificate = nsm::Certificate::from_der(*content);
    if (!certificate)
        certificate = nsm::Certificate::from_pem(as_text(*content));
    if (!certificate)
        return Error(certificate.error())
            .in(fmt::format("--root {}: aws, mock, or a certificate in PEM or DER was expected",
                            text));
    return nsm::TrustRoot(text, std::move(*certificate));
}

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
    return kms::parse_scene(as_text(content), seed, read_beside, overrides).value();
}

// Who can sign when the scene names nobody: the credentials of AWS's documentation.
iam::Credential example_credential(const kms::Scene& scene) {
    return {"AKIAIOSFODNN7EXAMPLE",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            {},
            std::nullopt,
            iam::parse_principal(fmt::format("arn:{}:iam::{}:user/developer",
                                             iam::partition_of(scene.region), scene.account))
                .value()};
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
        std::vector<std::string> hosts = values.list("--tls-host");
        if (hosts.empty())
            hosts = {fmt::format("kms.{}.{}", scene.region, iam::domain_of(scene.region)),
                     "localhost"};
        const auto ca = WorldCaOption::of(values).open(hosts, now, random).value();
        add(*tls).tls = ca.issue(hosts, now, random).value();
    }
    return listeners;
}

int serve_kms(const Values& values) {
    const kms::Scene scene = read_scene(values);
    const auto log = make_log(values, "kms");
    const OffsetClock clock = ClockOption::of(values).make();
    SystemRandom random;
    core::ignore_sigpipe();
    auto listeners = make_listeners(values, scene, clock.now(), random);
    const std::string state = StateDirectory::of(values).open().value();

    iam::CredentialStore credentials(
        iam::SessionIssuer::open(state + "/session.key", random).value());
    kms::Directory directory(scene.account);
    kms::apply(scene, directory, credentials);
    const bool somebody_signs =
        std::any_of(scene.entities.begin(), scene.entities.end(),
                    [](const kms::SceneEntity& one) { return !one.access_key_id.empty(); });
    if (!somebody_signs)
        credentials.add(example_credential(scene));
    const bool is_in_memory = values.flag("--in-memory");
    const auto keys =
        kms::KeyStore::open(is_in_memory ? kms::KeyStore::in_memory : state + "/keys.db").value();
    kms::apply(scene, *keys, clock.now(), random).value();
    std::vector<nsm::TrustRoot> roots;
    for (const std::string& text :
         values.has("--root") ? values.list("--root") : std::vector<std::string>{"mock", "aws"})
        roots.push_back(read_root(text, PkiOption::of(values), random).value());
    auto trace = kms::JsonLines::open(state + "/trace.jsonl").value();
    auto access_log = kms::JsonLines::open(state + "/cloudtrail.jsonl").value();

    kms::ServiceSettings settings{scene.account, scene.region, values.text("--auth") != "off", {}};
    settings.anonymous =
        iam::parse_principal(
            values.find_text("--caller")
                .value_or(fmt::format("arn:{}:iam::{}:root", iam::partition_of(scene.region),
                                      scene.account)))
            .value();
    kms::Service service(settings, *keys, credentials, directory, std::move(roots), clock, random,
                         *log, &trace, &access_log);

    const auto threads = values.number<unsigned>("--threads");
    http::Connections connections(raise_http_limits(values), *log);
    boost::asio::io_context context(static_cast<int>(threads));
    boost::asio::thread_pool key_maker(1);
    std::vector<std::unique_ptr<http::Server>> servers;
    std::string addresses;
    for (http::ServerOptions& listener : listeners) {
        listener.takes_long = kms::takes_long;
        listener.long_work = key_maker.get_executor();
        servers.push_back(http::Server::start(
                              context.get_executor(), listener,
                              [&](const http::Request& request) { return service.handle(request); },
                              connections, *log)
                              .value());
        addresses +=
            fmt::format("{}{}://{}", addresses.empty() ? "" : ", ", listener.tls ? "https" : "http",
                        http::to_string(servers.back()->local()));
    }
    if (!settings.authenticate)
        log->warning(
            "--auth off: signatures are not checked, and who is not known counts as {}; on "
            "loopback "
            "only",
            settings.anonymous.arn);
    else if (!somebody_signs)
        log->info("no credentials in a scene: AKIAIOSFODNN7EXAMPLE signs as user/developer");
    log->info("ready: {}; {} keys are kept {}", addresses, scene.region,
              is_in_memory ? "in memory" : "in " + state + "/keys.db");
    http::serve_until_signal(context, *log, threads);
    for (const auto& server : servers)
        server->close();
    return exit_done;
}

// The newer one of what `glovebox kms` and the last `glovebox up` have left.
std::string default_trace() {
    const std::string own = StateDirectory{}.open().value() + "/trace.jsonl";
    const std::string of_world = last_world_trace().value();
    std::error_code has_no_own;
    std::error_code has_no_other;
    const auto own_time = std::filesystem::last_write_time(own, has_no_own);
    const auto other_time = std::filesystem::last_write_time(of_world, has_no_other);
    return !has_no_other && (has_no_own || other_time > own_time) ? of_world : own;
}

int explain_request(const Values& values) {
    const std::string file = values.has("--trace") ? values.text("--trace")
                             : values.has("--state")
                                 ? StateDirectory::of(values).open().value() + "/trace.jsonl"
                                 : default_trace();
    const Bytes trace = command_line::read_file(file, trace_bytes_max).value();
    std::optional<std::string> policy;
    if (const auto policy_file = values.find_text("--policy"))
        policy =
            std::string(as_text(command_line::read_file(*policy_file, scene_bytes_max).value()));
    const auto found = kms::find_in_trace(as_text(trace), values.text("--request")).value();
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
        .summary = "Judge a request of the trace again, with another key policy if one is given",
        .options = {StateDirectory::option(),
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
                     .summary = "Judge by this key policy in JSON instead of the key's own"}},
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
             .default_note = "kms.REGION.amazonaws.com and localhost"},
            StateDirectory::option(),
            {.name = "--in-memory",
             .kind = Kind::flag,
             .summary = "Keep keys in memory; they end with the process"},
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
            PkiOption::option(),
            ClockOption::option()};
}

}  // namespace

Command kms_command() {
    return {.name = "kms",
            .summary = "Run a KMS that verifies attestation documents and explains each refusal",
            .description =
                {"Each refusal is explained in the log, in DIR/trace.jsonl and in the header "
                 "x-glovebox-explanation, DIR being the state directory. DIR/cloudtrail.jsonl has "
                 "events in CloudTrail's shape.",
                 "If the scene has no users, AWS's example credentials are accepted: "
                 "AKIAIOSFODNN7EXAMPLE with the secret wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY. "
                 "`glovebox imds` gives a role's credentials. docs/kms.md describes "
                 "the whole of a scene."},
            .options = command_line::joined(
                {serve_options(), http_limits_options(), WorldCaOption::options(), log_options()}),
            .examples =
                {{"A KMS on loopback for the AWS SDKs, with credentials and keys from a scene",
                  "glovebox kms --seed keys.yaml &\n"
                  "AWS_ENDPOINT_URL_KMS=http://127.0.0.1:4599 \\\n"
                  "    aws kms describe-key --key-id alias/app"},
                 {"With TLS as kms.us-east-1.amazonaws.com, for an enclave behind glovebox proxy "
                  "--resolve",
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
