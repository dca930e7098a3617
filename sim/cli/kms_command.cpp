// glovebox kms: a key management service that checks attestation, and says why it refused.

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/process_setup.h"
#include "nsm-mock/pki/certificate_authority.h"
#include "nsm-mock/pki/pki_directory.h"
#include "sim/cli/bytes_argument.h"
#include "sim/cli/clock_option.h"
#include "sim/cli/log_option.h"
#include "sim/cli/number_option.h"
#include "sim/cli/pki_option.h"
#include "sim/cli/serve_until_signal.h"
#include "sim/cli/service_subcommand.h"
#include "sim/cli/state_directory.h"
#include "sim/cli/subcommand.h"
#include "sim/cli/world_ca_option.h"
#include "sim/http/server.h"
#include "sim/kms/explain.h"
#include "sim/kms/scene.h"
#include "sim/kms/service.h"

namespace glovebox::cli {
namespace {

constexpr const char* examples = R"(Examples:
  A KMS on loopback, for whatever the AWS SDKs do; credentials and keys from a scene:
    glovebox kms --seed keys.yaml
    AWS_ENDPOINT_URL_KMS=http://127.0.0.1:4599 aws kms describe-key --key-id alias/app
  With TLS as kms.us-east-1.amazonaws.com, for an enclave behind glovebox proxy --resolve:
    glovebox kms --seed keys.yaml --listen-tls 127.0.0.1:4600
  Why was the last request refused, and would this policy have let it pass?
    glovebox kms explain
    glovebox kms explain --policy edited.json

A scene (docs/kms.md has the whole of it):
    users:
      alice: {access_key_id: AKIDEXAMPLE, secret_access_key: secret}
    keys:
    - alias: alias/app
      policy: {Version: "2012-10-17", Statement: [...]}
Without users anybody can sign as AKIAIOSFODNN7EXAMPLE with AWS's documentation's example secret,
wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY; a role's credentials come from glovebox imds.

Each refusal is explained in the log, in DIR/trace.jsonl and in the header
x-glovebox-explanation. DIR/cloudtrail.jsonl has events in CloudTrail's shape.)";

constexpr const char* default_address = "127.0.0.1:4599";
constexpr std::size_t scene_bytes_max = 4 * 1024 * 1024;
constexpr std::size_t certificate_bytes_max = 64 * 1024;
constexpr std::size_t trace_bytes_max = std::size_t{1} << 30;

struct ServeOptions {
    std::string listen;
    std::string listen_tls;
    std::vector<std::string> tls_hosts;
    WorldCaOption ca;
    StateDirectory state;
    bool in_memory = false;
    std::string seed;
    std::string account;
    std::string region;
    std::string auth = "sigv4";
    std::string caller;
    std::vector<std::string> roots{"mock", "aws"};
    unsigned threads = 2;
    PkiOption pki;
    ClockOption clock;
    LogOption log;
};

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
    const auto content = read_file(text, certificate_bytes_max);
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

kms::Scene read_scene(const ServeOptions& options) {
    const kms::SceneOverrides overrides{options.account, options.region};
    if (options.seed.empty())
        return kms::parse_scene("{}", "no scene", {}, overrides).value();
    const Bytes content = read_file(options.seed, scene_bytes_max).value();
    const auto folder = std::filesystem::path(options.seed).parent_path();
    const auto read_beside = [&](const std::string& name) -> Result<std::string> {
        auto file = read_file((folder / name).string(), scene_bytes_max);
        if (!file)
            return file.error();
        return std::string(as_text(*file));
    };
    return kms::parse_scene(as_text(content), options.seed, read_beside, overrides).value();
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

std::vector<http::ServerOptions> make_listeners(const ServeOptions& options,
                                                const kms::Scene& scene, TimePoint now,
                                                RandomSource& random) {
    std::vector<http::ServerOptions> listeners;
    const auto add = [&](const std::string& text) -> http::ServerOptions& {
        http::ServerOptions listener;
        listener.address = http::parse_address(text).value();
        listener.body_bytes_max = kms::request_body_bytes_max;
        if (options.auth == "off" && !listener.address.is_loopback())
            throw CLI::ValidationError(
                "--auth",
                fmt::format("off serves this machine alone, and {} is no loopback address",
                            listener.address.ip));
        return listeners.emplace_back(std::move(listener));
    };
    if (!options.listen.empty() || options.listen_tls.empty())
        add(options.listen.empty() ? default_address : options.listen);
    if (!options.listen_tls.empty()) {
        std::vector<std::string> hosts = options.tls_hosts;
        if (hosts.empty())
            hosts = {fmt::format("kms.{}.{}", scene.region, iam::domain_of(scene.region)),
                     "localhost"};
        const auto ca = options.ca.open(hosts, now, random).value();
        add(options.listen_tls).tls = ca.issue(hosts, now, random).value();
    }
    return listeners;
}

void serve(const ServeOptions& options) {
    const kms::Scene scene = read_scene(options);
    const auto log = options.log.make("kms");
    const OffsetClock clock = options.clock.make();
    SystemRandom random;
    core::ignore_sigpipe();
    const auto listeners = make_listeners(options, scene, clock.now(), random);
    const std::string state = options.state.open().value();

    iam::CredentialStore credentials(
        iam::SessionIssuer::open(state + "/session.key", random).value());
    kms::Directory directory(scene.account);
    kms::apply(scene, directory, credentials);
    const bool somebody_signs =
        std::any_of(scene.entities.begin(), scene.entities.end(),
                    [](const kms::SceneEntity& one) { return !one.access_key_id.empty(); });
    if (!somebody_signs)
        credentials.add(example_credential(scene));
    const auto keys =
        kms::KeyStore::open(options.in_memory ? kms::KeyStore::in_memory : state + "/keys.db")
            .value();
    kms::apply(scene, *keys, clock.now(), random).value();
    std::vector<nsm::TrustRoot> roots;
    for (const std::string& text : options.roots)
        roots.push_back(read_root(text, options.pki, random).value());
    auto trace = kms::JsonLines::open(state + "/trace.jsonl").value();
    auto access_log = kms::JsonLines::open(state + "/cloudtrail.jsonl").value();

    kms::ServiceSettings settings{scene.account, scene.region, options.auth != "off", {}};
    settings.anonymous =
        iam::parse_principal(
            options.caller.empty()
                ? fmt::format("arn:{}:iam::{}:root", iam::partition_of(scene.region), scene.account)
                : options.caller)
            .value();
    kms::Service service(settings, *keys, credentials, directory, std::move(roots), clock, random,
                         *log, &trace, &access_log);

    boost::asio::io_context context(static_cast<int>(options.threads));
    std::vector<std::unique_ptr<http::Server>> servers;
    std::string addresses;
    for (const http::ServerOptions& listener : listeners) {
        servers.push_back(http::Server::start(
                              context.get_executor(), listener,
                              [&](const http::Request& request) { return service.handle(request); },
                              *log)
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
              options.in_memory ? "in memory" : "in " + state + "/keys.db");
    serve_until_signal(context, *log, options.threads);
    for (const auto& server : servers)
        server->close();
}

struct ExplainOptions {
    StateDirectory state;
    std::string trace;
    std::string request;
    std::string policy;
};

int explain(const ExplainOptions& options) {
    const std::string file =
        options.trace.empty() ? options.state.open().value() + "/trace.jsonl" : options.trace;
    const Bytes trace = read_file(file, trace_bytes_max).value();
    std::optional<std::string> policy;
    if (!options.policy.empty())
        policy = std::string(as_text(read_file(options.policy, scene_bytes_max).value()));
    const auto record = kms::find_in_trace(as_text(trace), options.request).value();
    const auto explanation = kms::explain(record, policy).value();
    fmt::print("{}", explanation.text);
    return explanation.allowed ? exit_done : exit_failed;
}

template <class Parse>
auto checked_by(Parse parse) {
    return [parse](const std::string& text) {
        const auto parsed = parse(text);
        return parsed ? std::string() : parsed.error().message;
    };
}

void add_explain(CLI::App& kms, int& exit_status) {
    const auto options = std::make_shared<ExplainOptions>();
    CLI::App& command = *kms.add_subcommand(
        "explain",
        "Judges a request of the trace again, with another key policy if one is given. Exit status "
        "0: the policies allow it, 1: they don't");
    options->state.add_to(command);
    command.add_option("--trace", options->trace, "The trace [trace.jsonl of the state directory]")
        ->type_name("FILE");
    command
        .add_option("--request", options->request,
                    "The request's id, x-amzn-RequestId [the last that was refused]")
        ->type_name("ID");
    command.add_option("--policy", options->policy, "A key policy in JSON, in place of the key's")
        ->type_name("FILE");
    command.callback([options, &exit_status] { exit_status = explain(*options); });
}

}  // namespace

void add_kms_command(CLI::App& app, int& exit_status) {
    const auto options = std::make_shared<ServeOptions>();
    CLI::App& command = *app.add_subcommand(
        "kms", "A KMS that verifies attestation documents, and explains each refusal");
    command.footer(examples);
    const auto is_address = CLI::Validator(checked_by(http::parse_address), "");
    command.add_option("--listen", options->listen, "Where plain HTTP is served [127.0.0.1:4599]")
        ->type_name("IP:PORT")
        ->check(is_address);
    command
        .add_option("--listen-tls", options->listen_tls,
                    "Where HTTPS is served; without --listen that is all")
        ->type_name("IP:PORT")
        ->check(is_address);
    command
        .add_option("--tls-host", options->tls_hosts,
                    "Names of the server's certificate [kms.REGION.amazonaws.com and localhost]")
        ->type_name("HOST");
    options->ca.add_to(command);
    options->state.add_to(command);
    command.add_flag("--in-memory", options->in_memory, "Keys end with the process");
    command
        .add_option("--seed", options->seed,
                    "The scene: accounts, credentials, IAM policies, keys (docs/kms.md)")
        ->type_name("FILE");
    command.add_option("--account", options->account, "The account that owns the keys")
        ->type_name("ID")
        ->check([](const std::string& text) {
            return iam::is_account(text) ? std::string() : "an account is 12 digits; found " + text;
        });
    command.add_option("--region", options->region, "The region [us-east-1]")
        ->type_name("NAME")
        ->check([](const std::string& text) {
            return nsm::is_region(text) ? std::string()
                                        : "a region is a name such as us-east-1; found " + text;
        });
    command
        .add_option("--auth", options->auth,
                    "sigv4: signatures are verified; off: they are not (loopback only)")
        ->check(CLI::IsMember({"sigv4", "off"}))
        ->capture_default_str();
    command
        .add_option("--caller", options->caller,
                    "With --auth off, who calls when the credentials are nobody's [the account's "
                    "root user]")
        ->type_name("ARN")
        ->check(CLI::Validator(checked_by(iam::parse_principal), ""));
    command
        .add_option("--root", options->roots,
                    "Roots of attestation that are believed: mock, aws, or a certificate's file")
        ->type_name("ROOT")
        ->capture_default_str();
    command.add_option("--threads", options->threads, "That requests are answered on")
        ->type_name("N")
        ->check(number_between("a number of threads", 1, 64))
        ->capture_default_str();
    options->pki.add_to(command);
    options->clock.add_to(command);
    options->log.add_to(command);
    add_explain(command, exit_status);
    command.callback([options, &command, &exit_status] {
        if (!command.get_subcommands().empty())
            return;
        serve(*options);
        exit_status = exit_done;
    });
}

}  // namespace glovebox::cli
