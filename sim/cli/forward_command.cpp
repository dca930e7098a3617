// SPDX-License-Identifier: Apache-2.0

// glovebox forward: TCP ports that lead to vsock addresses, in an enclave or on the parent.

#include <string>
#include <vector>

#include "sim/cli/log_option.h"
#include "sim/cli/shared_options.h"
#include "sim/cli/transport_option.h"
#include "sim/vsock_proxy/forward_service.h"

namespace glovebox::cli {
namespace {

int forward(const Values& values) {
    vsock_proxy::ForwardService service;
    std::vector<std::string> texts = values.list("--listen");
    for (const std::string& text : texts)
        service.routes.push_back(core::parse_forward_route(text).value());
    for (const std::string& text : values.list("--http-proxy")) {
        service.routes.push_back(core::parse_http_proxy_route(text).value());
        texts.push_back(text);
    }
    if (const auto contradiction = core::listener_contradiction(texts, service.routes))
        throw UsageError("--listen and --http-proxy: " + *contradiction);
    service.options.relay.idle_timeout = values.duration("--idle-timeout");
    service.options.relay.half_close_timeout = values.duration("--half-close-timeout");
    service.options.connect_timeout = values.duration("--connect-timeout");
    service.options.grace = values.duration("--grace");
    service.options.connections_max = values.number<std::size_t>("--max-connections");
    service.transport = transport_choice(values);
    service.serve(*make_log(values, "forward"));
    return exit_done;
}

}  // namespace

Command forward_command() {
    return {
        .name = "forward",
        .summary = "Listen on TCP ports and connect each to a vsock address",
        .description = {"Runs in an enclave or on the parent. The TCP side is 127.0.0.1 unless an "
                        "address is given. If the interface lo is down, as in an enclave that has "
                        "just booted, it is brought up, which takes CAP_NET_ADMIN. The parent has "
                        "CID 3."},
        .options = command_line::joined(
            {{{.name = "--listen",
               .placeholder = "[ADDRESS:]PORT=CID:PORT",
               .check = problem_by<core::parse_forward_route>,
               .repeat = Repeat::list,
               .summary = "Listen on this TCP port and connect to this vsock address: "
                          "8443=3:8000"},
              {.name = "--http-proxy",
               .placeholder = "[[ADDRESS:]PORT=]CID:PORT",
               .check = problem_by<core::parse_http_proxy_route>,
               .repeat = Repeat::list,
               .summary = "The same for a CONNECT proxy at that vsock address: 3:8001 listens on "
                          "127.0.0.1:3128, for HTTPS_PROXY"},
              idle_timeout_option(),
              half_close_timeout_option(),
              {.name = "--connect-timeout",
               .kind = Kind::duration,
               .placeholder = "TIME",
               .summary = "The time for reaching the vsock address",
               .default_value = "5s"},
              {.name = "--grace",
               .kind = Kind::duration,
               .placeholder = "TIME",
               .summary = "The time that open connections get when the forwarder stops",
               .default_value = "5s"},
              max_connections_option()},
             transport_options(),
             log_options()}),
        .requirements = {{{"--listen", "--http-proxy"}}},
        .examples = {{"In an enclave, a program that speaks TCP reaches the parent's port 8000",
                      "glovebox forward --listen 8443=3:8000"},
                     {"In an enclave, programs reach any allowed host through the parent's CONNECT "
                      "proxy on port 8001",
                      "glovebox forward --http-proxy 3:8001 &\n"
                      "HTTPS_PROXY=http://127.0.0.1:3128 curl https://example.com/"},
                     {"On the parent, the way in to port 5005 of enclave 16",
                      "glovebox forward --listen 0.0.0.0:8443=16:5005"}},
        .see_also = {"glovebox-proxy(1)"},
        .run = forward};
}

}  // namespace glovebox::cli
