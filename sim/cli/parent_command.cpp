// SPDX-License-Identifier: Apache-2.0

// glovebox parent: an unmodified program on the parent instance's side.

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include <chrono>
#include <iostream>

#include "core/base/clock.h"
#include "core/vsock_address.h"
#include "sim/cli/commands.h"
#include "sim/cli/log_option.h"
#include "sim/cli/program_option.h"
#include "sim/cli/trust_option.h"
#include "sim/cli/world_option.h"
#include "sim/enclave/refused_connection.h"
#include "sim/http/server.h"
#include "transports/listener_watch.h"
#include "transports/world.h"

namespace glovebox::cli {
namespace {

Result<supervisor::MetadataRedirect> parse_imds(const std::string& text) {
    const auto service = http::parse_address(text);
    if (!service)
        return service.error();
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(service->port);
    if (!service->is_loopback() ||
        ::inet_pton(AF_INET, service->ip.c_str(), &address.sin_addr) != 1)
        return invalid_input("\"" + text +
                             "\": an IPv4 address of loopback was expected, as 127.0.0.1:1338");
    return supervisor::MetadataRedirect(address);
}

std::string problem_with_listener(const std::string& text) {
    const auto address = core::parse_vsock_address(text);
    if (!address)
        return address.error().message;
    return address->cid == core::cid_any || address->port == core::port_any
               ? "\"" + text +
                     "\" names no listener: a CID and a port were expected, such as 16:5005"
               : std::string();
}

// Returns once a listener is there at each address; throws an ErrorException that says what is
// there instead when one isn't in time.
void wait_for_listeners(const Values& values, const std::string& world_name) {
    const auto addresses = values.list("--wait");
    if (addresses.empty())
        return;
    const auto world = transports::World::open(transports::World::choose_name(world_name)).value();
    auto watch = transports::ListenerWatch::make(*world).value();
    const auto limit = values.duration("--wait-timeout");
    const auto end = std::chrono::steady_clock::now() + limit;
    for (const std::string& text : addresses) {
        const auto address = core::parse_vsock_address(text).value();
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
        if (!watch.wait(address, left))
            throw ErrorException(
                Error(make_error_code(boost::system::errc::timed_out),
                      fmt::format("nothing listened at {} within {}: {}", to_string(address),
                                  format_duration(limit),
                                  enclave::describe_destination(
                                      core::cid_parent, address,
                                      enclave::WorldView::read(*world, SystemClock())))));
    }
}

int run_parent(const Values& values) {
    if (const auto status = run_from_outside())
        return *status;
    const ProgramOption program = ProgramOption::of(values);
    wait_for_listeners(values, program.world);
    enclave::RunOptions options;
    options.is_parent = true;
    options.program.extra_environment = TrustOption::of(values).variables(program.world).value();
    if (const auto imds = values.find_text("--imds"))
        options.metadata = parse_imds(*imds).value();
    const int status = program.run(options, *program.make_log(values, "parent"));
    if (status != 0)
        if (const std::string elsewhere = worlds_elsewhere(program.world); !elsewhere.empty())
            std::cerr << "glovebox: the program failed; should it have missed its enclave:"
                      << elsewhere << '\n';
    return status;
}

}  // namespace

Command parent_command() {
    Option program = ProgramOption::positional();
    program.is_required = true;
    return {
        .name = "parent",
        .summary = "Run a program on the parent's side, from where its AF_VSOCK reaches enclaves",
        .description =
            {"The program keeps its file system, network and user. It has CID 3, as the parent "
             "instance has for its enclaves; its AF_VSOCK sockets and /dev/vsock are simulated, as "
             "are those of every program that it starts, until the last of them has ended.",
             "A program that dials a Unix socket of the world (socat, curl --unix-socket) needs "
             "none of this and counts as the parent too."},
        .options = command_line::joined(
            {ProgramOption::options(),
             {{.name = "--imds",
               .placeholder = "IP:PORT",
               .check = problem_by<parse_imds>,
               .summary = "Show the program this metadata service (glovebox imds) at "
                          "169.254.169.254"},
              {.name = "--wait",
               .placeholder = "CID:PORT",
               .check = problem_with_listener,
               .repeat = Repeat::list,
               .summary = "Start the program when something listens at this vsock address"},
              {.name = "--wait-timeout",
               .kind = Kind::duration,
               .placeholder = "TIME",
               .needs = {"--wait"},
               .summary = "Fail when nothing listens there after this time",
               .default_value = "30s"},
              TrustOption::option()},
             log_options("warning")}),
        .positionals = {program},
        .examples = {{"A client of the enclave with CID 16",
                      "glovebox parent --wait 16:5005 -- python3 client.py 16"},
                     {"A shell on the parent's side; `glovebox run` inside it starts enclaves",
                      "glovebox parent -- bash"},
                     {"A program that takes its credentials from the instance's metadata",
                      "glovebox imds --role-arn arn:aws:iam::111122223333:role/parent &\n"
                      "glovebox parent --imds 127.0.0.1:1338 -- python3 parent.py"}},
        .exit_codes = program_exit_codes(),
        .see_also = {"glovebox-imds(1)", "glovebox-run(1)"},
        .run = run_parent};
}

}  // namespace glovebox::cli
