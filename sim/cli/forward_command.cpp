// SPDX-License-Identifier: Apache-2.0

// glovebox forward: TCP ports that lead to vsock addresses, in an enclave or on the parent.

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "core/base/contradiction.h"
#include "core/forward.h"
#include "core/process_setup.h"
#include "sim/cli/log_option.h"
#include "sim/cli/run_until_signal.h"
#include "sim/cli/shared_options.h"
#include "sim/cli/transport_option.h"

namespace glovebox::cli {
namespace {

// One TCP endpoint that leads to two places, whichever of the two options says so.
void refuse_contradictions(const Values& values, const std::vector<core::ForwardRoute>& routes) {
    std::vector<std::string> texts = values.list("--listen");
    for (const std::string& text : values.list("--http-proxy"))
        texts.push_back(text);
    // Port 0 is another port each time.
    std::size_t free_ports = 0;
    const auto listener = [&](const core::ForwardRoute& route) {
        return std::pair(route.listen, route.listen.port() == 0 ? ++free_ports : 0);
    };
    if (const auto contradiction = explain_contradiction(texts, routes, listener))
        throw UsageError("--listen and --http-proxy: " + *contradiction);
}

int forward(const Values& values) {
    std::vector<core::ForwardRoute> routes;
    for (const std::string& text : values.list("--listen"))
        routes.push_back(core::parse_forward_route(text).value());
    for (const std::string& text : values.list("--http-proxy"))
        routes.push_back(core::parse_http_proxy_route(text).value());
    refuse_contradictions(values, routes);
    core::ignore_sigpipe();
    const auto budget = core::descriptor_budget(core::raise_descriptor_limit());

    const auto log = make_log(values, "forward");
    boost::asio::io_context context(1);
    const auto transport =
        TransportOption::of(values).make(context.get_executor(), core::cid_parent).value();
    core::PipePool pipes({.pipes_max = budget.pipes});
    core::ForwardOptions options;
    options.relay.idle_timeout = values.duration("--idle-timeout");
    options.relay.half_close_timeout = values.duration("--half-close-timeout");
    options.connect_timeout = values.duration("--connect-timeout");
    options.grace = values.duration("--grace");
    options.connections_max =
        std::min(values.number<std::size_t>("--max-connections"), budget.connections);
    core::Forward forwarder(context.get_executor(), *transport, pipes, *log, options);
    for (const core::ForwardRoute& route : routes)
        forwarder.listen(route).value();
    log->info("ready: {} listeners", routes.size());
    run_until_signal(context, *log, forwarder.run(), [&] { forwarder.stop(); });
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
             TransportOption::options(),
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
