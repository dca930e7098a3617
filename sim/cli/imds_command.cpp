// SPDX-License-Identifier: Apache-2.0

// glovebox imds: the instance metadata that a parent program asks for at 169.254.169.254.

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/confinement/confinement.h"
#include "core/service/process_setup.h"
#include "nsm-mock/document/module_id.h"
#include "nsm-mock/pki/pki_directory.h"
#include "sim/cli/clock_option.h"
#include "sim/cli/commands.h"
#include "sim/cli/faults_of.h"
#include "sim/cli/http_limits.h"
#include "sim/cli/log_option.h"
#include "sim/cli/pki_option.h"
#include "sim/cli/shared_options.h"
#include "sim/command_line/bytes_argument.h"
#include "sim/http/server.h"
#include "sim/http/serving.h"
#include "sim/imds/metadata_service.h"
#include "sim/kms/state_directory.h"

namespace glovebox::cli {
namespace {

constexpr std::size_t user_data_bytes_max = 16 * 1024;
// No request of this service has a body that means anything.
constexpr std::size_t request_body_bytes_max = 16 * 1024;

int serve_imds(const Values& values) {
    const auto log = make_log(values, "imds");
    const OffsetClock own_clock = ClockOption::of(values).make();
    ShiftedClock clock(own_clock);
    SystemRandom random;
    core::ignore_write_signals();
    imds::MetadataSettings settings;
    settings.tokens_required = values.flag("--require-tokens");
    settings.credential_lifetime =
        std::chrono::duration_cast<std::chrono::seconds>(values.duration("--credential-lifetime"));
    auto& instance = settings.instance;
    instance.region = values.text("--region");
    instance.type = values.text("--instance-type");
    instance.role_arn = values.text("--role-arn");
    if (!instance.role_arn.empty())
        instance.account = iam::parse_arn(instance.role_arn).value().account;
    // The same instance as the documents of enclaves name in PCR4.
    instance.id = values.text("--instance-id");
    if (instance.id.empty())
        instance.id = nsm::mock_instance_id(
            nsm::open_pki(PkiOption::of(values).directory().value(), random).value().certificate);
    if (const std::string file = values.text("--user-data"); !file.empty())
        instance.user_data =
            std::string(as_text(command_line::read_file(file, user_data_bytes_max).value()));
    const std::string state = kms::open_state_directory(values.text("--state")).value();
    auto issuer = iam::SessionIssuer::open(state + "/session.key", random).value();
    imds::MetadataService service(std::move(settings), std::move(issuer), clock, random, *log);

    http::Connections connections(raise_http_limits(values), *log);
    boost::asio::io_context context(1);
    http::ServerOptions listener;
    listener.body_bytes_max = request_body_bytes_max;
    listener.idle_timeout = values.duration("--idle-timeout");
    listener.address = http::parse_address(values.text("--listen")).value();
    const auto faults = faults_of(values.text("--world"));
    const auto handle = [&](const http::Request& request) {
        std::optional<TimePoint> expired;
        std::chrono::milliseconds delay{};
        std::chrono::milliseconds ahead{};
        bool is_down = false;
        for (const fault::Fault& fault :
             faults ? faults->strike("imds", request.path()) : std::vector<fault::Fault>()) {
            if (fault.kind == fault::Kind::imds_latency)
                delay += fault.time;
            if (fault.kind == fault::Kind::clock)
                ahead += fault.time;
            is_down |= fault.kind == fault::Kind::imds_down;
            if (fault.at)
                expired = std::max(expired.value_or(*fault.at), *fault.at);
        }
        clock.shift(ahead);
        http::Response response;
        response.status = 0;
        if (!is_down)
            response = service.handle(request, expired);
        response.delay = delay;
        return response;
    };
    core::confine({.writable = {state}}, *log).value();
    const auto server =
        http::Server::start(context.get_executor(), listener, handle, connections, *log).value();
    http::Serving serving(context, *log);
    log->info("ready", "ready: http://{}", field("http", http::to_string(server->local())));
    serving.run(1);
    server->close();
    return exit_done;
}

std::string check_role(const std::string& text) {
    const auto session = iam::session_of(text, "i-0123456789abcdef0");
    return session ? std::string() : session.error().message;
}

std::string check_instance_id(const std::string& text) {
    return nsm::is_instance_id(text)
               ? std::string()
               : "an instance id is i- and 17 hexadecimal digits; found " + text;
}

}  // namespace

Command imds_command() {
    return {
        .name = "imds",
        .summary = "Serve instance metadata, with a role's credentials for glovebox kms",
        .description = {"Serves versions 1 and 2 of the instance metadata service. The role's "
                        "credentials are accepted by a glovebox kms with the same --state. "
                        "`glovebox parent --imds` shows a program this service at "
                        "169.254.169.254."},
        .options = command_line::joined(
            {{{.name = "--listen",
               .placeholder = "IP:PORT",
               .check = problem_by<http::parse_address>,
               .summary = "The address to listen on",
               .default_value = "127.0.0.1:1338"},
              {.name = "--world",
               .placeholder = "NAME",
               .summary = "Have the faults of this world (`glovebox fault imds`)",
               .default_note = "none",
               .completion = Completion::world},
              {.name = "--role-arn",
               .placeholder = "ARN",
               .check = check_role,
               .summary = "The instance's IAM role; without it the service has no credentials"},
              {.name = "--instance-id",
               .placeholder = "ID",
               .check = check_instance_id,
               .summary = "The instance's id",
               .default_note = "derived from the mock root, as for glovebox run"},
              {.name = "--region",
               .placeholder = "NAME",
               .summary = "The region",
               .default_value = "us-east-1"},
              {.name = "--instance-type",
               .placeholder = "TYPE",
               .summary = "The instance's type",
               .default_value = "m5.xlarge"},
              {.name = "--user-data",
               .kind = Kind::file,
               .placeholder = "FILE",
               .summary = "Serve this file as /latest/user-data"},
              {.name = "--require-tokens",
               .kind = Kind::flag,
               .summary = "Serve version 2 alone: a request without a token gets 401"},
              {.name = "--credential-lifetime",
               .kind = Kind::duration,
               .placeholder = "TIME",
               .summary = "How long the role's credentials are valid",
               .default_value = "6h"},
              state_option(),
              PkiOption::option(),
              ClockOption::option()},
             http_limits_options(),
             log_options()}),
        .examples = {{"Serve a role's credentials to a program that reads the endpoint's variable",
                      "glovebox imds --role-arn arn:aws:iam::111122223333:role/parent &\n"
                      "AWS_EC2_METADATA_SERVICE_ENDPOINT=http://127.0.0.1:1338 python3 parent.py"},
                     {"Serve version 2 alone, as new instances do by default",
                      "glovebox imds --role-arn arn:aws:iam::111122223333:role/parent \\\n"
                      "    --require-tokens"}},
        .see_also = {"glovebox-kms(1)", "glovebox-parent(1)", "glovebox-up(1)"},
        .run = serve_imds};
}

}  // namespace glovebox::cli
