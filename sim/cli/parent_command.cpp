// glovebox parent: an unmodified program on the parent instance's side.

#include <CLI/CLI.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <iostream>
#include <memory>

#include "sim/cli/log_option.h"
#include "sim/cli/program_option.h"
#include "sim/cli/subcommand.h"
#include "sim/cli/trust_option.h"
#include "sim/cli/world_option.h"
#include "sim/http/server.h"

namespace glovebox::cli {
namespace {

constexpr const char* examples = R"(Examples:
  A client of the enclave with CID 16:
    glovebox parent -- python3 client.py 16
  A shell on the parent's side; `glovebox run` inside it starts enclaves:
    glovebox parent -- bash
  A program that takes its credentials from the instance's metadata:
    glovebox imds --role-arn arn:aws:iam::111122223333:role/parent &
    glovebox parent --imds 127.0.0.1:1338 -- python3 parent.py

The program keeps its file system, network and user. It has CID 3, as the parent instance has for
its enclaves; its AF_VSOCK sockets and /dev/vsock are simulated, for all that it starts, until the
last of it has ended. A program that dials a Unix socket of the world (socat, curl --unix-socket)
needs none of this and counts as the parent too.)";

Result<supervisor::MetadataRedirect> parse_imds(const std::string& text) {
    const auto service = http::parse_address(text);
    if (!service)
        return service.error();
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(service->port);
    if (!service->is_loopback() ||
        ::inet_pton(AF_INET, service->ip.c_str(), &address.sin_addr) != 1)
        return Error(
            make_error_code(boost::system::errc::invalid_argument),
            "\"" + text + "\": an IPv4 address of loopback was expected, as 127.0.0.1:1338");
    return supervisor::MetadataRedirect(address);
}

struct ParentCommand {
    ProgramOption program;
    std::string imds;
    TrustOption trust;
    LogOption log;

    [[nodiscard]] int run() {
        if (const auto status = run_from_outside())
            return *status;
        enclave::RunOptions options;
        options.is_parent = true;
        options.program.extra_environment = trust.variables(program.world).value();
        if (!imds.empty())
            options.metadata = parse_imds(imds).value();
        const int status = program.run(options, *program.make_log(log, "parent"));
        if (status != 0)
            if (const std::string elsewhere = worlds_elsewhere(program.world); !elsewhere.empty())
                std::cerr << "glovebox: the program failed; should it have missed its enclave:"
                          << elsewhere << '\n';
        return status;
    }
};

}  // namespace

void add_parent_command(CLI::App& app, int& exit_status) {
    const auto options = std::make_shared<ParentCommand>();
    CLI::App& command = *app.add_subcommand(
        "parent", "Runs a program on the parent's side: its AF_VSOCK reaches the enclaves");
    command.footer(examples);
    options->program.add_to(command)->required();
    command
        .add_option("--imds", options->imds,
                    "The program finds this metadata service (glovebox imds) at 169.254.169.254")
        ->type_name("IP:PORT")
        ->check([](const std::string& text) {
            const auto parsed = parse_imds(text);
            return parsed ? std::string() : parsed.error().message;
        });
    options->trust.add_to(command);
    options->log.options.level = LogLevel::warning;
    options->log.add_to(command);
    command.callback([options, &exit_status] { exit_status = options->run(); });
}

}  // namespace glovebox::cli
