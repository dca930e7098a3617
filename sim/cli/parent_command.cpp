// glovebox parent: an unmodified program on the parent instance's side.

#include <arpa/inet.h>
#include <netinet/in.h>

#include <iostream>

#include "sim/cli/commands.h"
#include "sim/cli/log_option.h"
#include "sim/cli/program_option.h"
#include "sim/cli/trust_option.h"
#include "sim/cli/world_option.h"
#include "sim/http/server.h"

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
        return Error(
            make_error_code(boost::system::errc::invalid_argument),
            "\"" + text + "\": an IPv4 address of loopback was expected, as 127.0.0.1:1338");
    return supervisor::MetadataRedirect(address);
}

int run_parent(const Values& values) {
    if (const auto status = run_from_outside())
        return *status;
    const ProgramOption program = ProgramOption::of(values);
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
              TrustOption::option()},
             log_options("warning")}),
        .positionals = {program},
        .examples = {{"A client of the enclave with CID 16",
                      "glovebox parent -- python3 client.py 16"},
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
