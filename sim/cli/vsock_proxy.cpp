// SPDX-License-Identifier: Apache-2.0

// AWS's vsock-proxy by its name, with its arguments and what it prints, so that a unit file or a
// script written for an instance runs here unchanged. What carries the bytes is the proxy of
// `glovebox proxy`, without the original's limits: docs/fidelity.md has them.

#include <iostream>

#include "sim/cli/commands.h"
#include "sim/cli/programs.h"
#include "sim/cli/served_targets.h"
#include "sim/vsock_proxy/aws_program.h"

namespace glovebox::cli {
namespace {

constexpr std::string_view version = "Vsock-TCP proxy 1.0.2";
constexpr std::string_view default_config = "/etc/nitro_enclaves/vsock-proxy.yaml";

int run_vsock_proxy(const Values& values) {
    vsock_proxy::Arguments arguments;
    arguments.only_v4 = values.flag("--ipv4");
    arguments.only_v6 = values.flag("--ipv6");
    arguments.workers = values.text("--num_workers");
    arguments.config = values.text("--config");
    arguments.local_port = values.text("local_port");
    arguments.remote = values.text("remote_addr");
    arguments.remote_port = values.text("remote_port");
    arguments.served = served_targets({});
    return vsock_proxy::run_as_aws(arguments, std::cerr);
}

Option argument(std::string_view name, std::string_view summary) {
    return {.name = name, .is_required = true, .summary = summary};
}

}  // namespace

Program vsock_proxy_program() {
    return {
        .root = {.name = "vsock-proxy",
                 .summary = "Vsock-TCP proxy",
                 .description = {"The arguments and the output are those of AWS's vsock-proxy "
                                 "1.0.2.",
                                 "In a world with a KMS (glovebox kms --listen-tls), the KMS's "
                                 "name leads to it."},
                 .options = {{.name = "--ipv4",
                              .letter = '4',
                              .kind = Kind::flag,
                              .summary = "Force the proxy to use IPv4 addresses only"},
                             {.name = "--ipv6",
                              .letter = '6',
                              .kind = Kind::flag,
                              .excludes = {"--ipv4"},
                              .summary = "Force the proxy to use IPv6 addresses only"},
                             {.name = "--num_workers",
                              .letter = 'w',
                              .placeholder = "num_workers",
                              .summary = "Set the maximum number of simultaneous connections "
                                         "supported (checked, and not a limit in Glovebox)",
                              .default_value = "4"},
                             {.name = "--config",
                              .kind = Kind::file,
                              .placeholder = "config_file",
                              .summary = "YAML file containing the services that can be forwarded",
                              .default_value = default_config}},
                 .positionals = {argument("local_port",
                                          "Local Vsock port to listen for incoming connections"),
                                 argument("remote_addr", "Address of the server to be proxyed"),
                                 argument("remote_port",
                                          "Remote TCP port of the server to be proxyed")},
                 .examples = {{"Lead vsock port 8000 to KMS",
                               "vsock-proxy 8000 kms.us-east-1.amazonaws.com 443"}},
                 .variables = {{"GLOVEBOX_WORLD", "The world that the proxy listens in"},
                               {"GLOVEBOX_TRANSPORT",
                                "vsock for the kernel's AF_VSOCK, unix for the world's; without "
                                "it, vsock where /dev/nsm or /dev/nitro_enclaves exists"},
                               {"GLOVEBOX_RESOLVE",
                                "HOST:PORT=ADDRESS:PORT, several with commas between them: "
                                "connect to ADDRESS:PORT instead of HOST:PORT"},
                               {"RUST_LOG", "The level of the log: debug, info, warn or error"}},
                 .see_also = {"glovebox-proxy(1)", "nitro-cli(1)"},
                 .run = run_vsock_proxy},
        .version = version,
        .version_letter = 'V',
        .dialect = command_line::Dialect::clap,
        .error_name = "glovebox"};
}

}  // namespace glovebox::cli
