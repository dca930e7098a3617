// glovebox imds: the instance metadata that a parent program asks for at 169.254.169.254.

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>

#include "core/process_setup.h"
#include "nsm-mock/document/module_id.h"
#include "nsm-mock/pki/pki_directory.h"
#include "sim/cli/bytes_argument.h"
#include "sim/cli/clock_option.h"
#include "sim/cli/duration_option.h"
#include "sim/cli/log_option.h"
#include "sim/cli/pki_option.h"
#include "sim/cli/serve_until_signal.h"
#include "sim/cli/service_subcommand.h"
#include "sim/cli/state_directory.h"
#include "sim/cli/subcommand.h"
#include "sim/http/server.h"
#include "sim/imds/metadata_service.h"

namespace glovebox::cli {
namespace {

constexpr const char* examples = R"(Examples:
  glovebox imds --role-arn arn:aws:iam::111122223333:role/parent
  AWS_EC2_METADATA_SERVICE_ENDPOINT=http://127.0.0.1:1338 python3 parent.py
  Only version 2, as instances are started today:
  glovebox imds --role-arn arn:aws:iam::111122223333:role/parent --require-tokens

The role's credentials are accepted by a glovebox kms with the same --state. A program that has
169.254.169.254 compiled in reaches it in a network namespace where that address is lo's.)";

constexpr std::size_t user_data_bytes_max = 16 * 1024;

struct Options {
    std::string listen = "127.0.0.1:1338";
    imds::MetadataSettings settings;
    std::string instance_id;
    std::string user_data;
    std::chrono::milliseconds credential_lifetime{std::chrono::hours(6)};
    StateDirectory state;
    PkiOption pki;
    ClockOption clock;
    LogOption log;
};

void serve(const Options& options) {
    const auto log = options.log.make("imds");
    const OffsetClock clock = options.clock.make();
    SystemRandom random;
    core::ignore_sigpipe();
    imds::MetadataSettings settings = options.settings;
    settings.credential_lifetime =
        std::chrono::duration_cast<std::chrono::seconds>(options.credential_lifetime);
    if (!settings.instance.role_arn.empty())
        settings.instance.account = iam::parse_arn(settings.instance.role_arn).value().account;
    // The same instance as the documents of enclaves name in PCR4.
    settings.instance.id =
        options.instance_id.empty()
            ? nsm::mock_instance_id(
                  nsm::open_pki(options.pki.directory().value(), random).value().certificate)
            : options.instance_id;
    if (!options.user_data.empty())
        settings.instance.user_data =
            std::string(as_text(read_file(options.user_data, user_data_bytes_max).value()));
    const std::string state = options.state.open().value();
    auto issuer = iam::SessionIssuer::open(state + "/session.key", random).value();
    imds::MetadataService service(std::move(settings), std::move(issuer), clock, random, *log);

    boost::asio::io_context context(1);
    http::ServerOptions listener;
    listener.address = http::parse_address(options.listen).value();
    const auto server =
        http::Server::start(
            context.get_executor(), listener,
            [&](const http::Request& request) { return service.handle(request); }, *log)
            .value();
    log->info("ready: http://{}", http::to_string(server->local()));
    serve_until_signal(context, *log, 1);
    server->close();
}

std::string check_role(const std::string& text) {
    const auto session = iam::session_of(text, "i-0123456789abcdef0");
    return session ? std::string() : session.error().message;
}

}  // namespace

void add_imds_command(CLI::App& app, int& exit_status) {
    const auto options = std::make_shared<Options>();
    CLI::App& command = *app.add_subcommand(
        "imds", "Instance metadata, versions 1 and 2, with a role's credentials for glovebox kms");
    command.footer(examples);
    command.add_option("--listen", options->listen, "Where it is served")
        ->type_name("IP:PORT")
        ->capture_default_str()
        ->check([](const std::string& text) {
            const auto address = http::parse_address(text);
            return address ? std::string() : address.error().message;
        });
    command
        .add_option("--role-arn", options->settings.instance.role_arn,
                    "The instance's IAM role; without one there are no credentials")
        ->type_name("ARN")
        ->check(CLI::Validator(check_role, ""));
    command
        .add_option("--instance-id", options->instance_id,
                    "The instance [one of the mock root's, as glovebox run has it]")
        ->type_name("ID")
        ->check([](const std::string& text) {
            return nsm::is_instance_id(text)
                       ? std::string()
                       : "an instance id is i- and 17 hexadecimal digits; found " + text;
        });
    command.add_option("--region", options->settings.instance.region, "The region")
        ->type_name("NAME")
        ->capture_default_str();
    command.add_option("--instance-type", options->settings.instance.type, "The instance's type")
        ->type_name("TYPE")
        ->capture_default_str();
    command.add_option("--user-data", options->user_data, "What /latest/user-data is")
        ->type_name("FILE");
    command.add_flag("--require-tokens", options->settings.tokens_required,
                     "Version 2 alone: a request without a token is answered with 401");
    add_duration_option(command, "--credential-lifetime", options->credential_lifetime,
                        "How long the role's credentials are valid");
    options->state.add_to(command);
    options->pki.add_to(command);
    options->clock.add_to(command);
    options->log.add_to(command);
    command.callback([options, &exit_status] {
        serve(*options);
        exit_status = exit_done;
    });
}

}  // namespace glovebox::cli
