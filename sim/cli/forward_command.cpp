// SPDX-License-Identifier: Apache-2.0

// glovebox forward: TCP ports that lead to vsock addresses, in an enclave or on the parent.

#include <fstream>
#include <string>
#include <vector>

#include "core/base/limited_log.h"
#include "core/proxy/inward_route.h"
#include "sim/cli/egress_option.h"
#include "sim/cli/ingress_option.h"
#include "sim/cli/log_option.h"
#include "sim/cli/programs.h"
#include "sim/cli/shared_options.h"
#include "sim/cli/socket_needs.h"
#include "sim/cli/transport_option.h"
#include "sim/vsock_proxy/forward_service.h"

namespace glovebox::cli {
namespace {

// Whether this is a program of an enclave whose AF_VSOCK is emulated by tracing (ptrace): a TCP
// socket stands in for one of AF_VSOCK there, whose addresses Landlock would refuse.
bool is_traced() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("TracerPid:"))
            return line.find_first_of("123456789") != line.npos;
    return false;
}

int forward(const Values& values) {
    vsock_proxy::ForwardService service;
    std::vector<std::string> texts;
    for (const std::string& text : values.list("--listen")) {
        if (core::is_inward_route(text)) {
            service.ways_in.push_back(core::parse_inward_route(text).value());
            continue;
        }
        service.routes.push_back(core::parse_forward_route(text).value());
        texts.push_back(text);
    }
    for (const std::string& text : values.list("--http-proxy")) {
        service.routes.push_back(core::parse_http_proxy_route(text).value());
        texts.push_back(text);
    }
    if (const auto contradiction = core::listener_contradiction(texts, service.routes))
        throw UsageError("--listen and --http-proxy: " + *contradiction);
    service.options.ingress = read_ingress(values, service.routes);
    service.egress = read_egress(values);
    service.options.relay.idle_timeout = values.duration("--idle-timeout");
    service.options.relay.half_close_timeout = values.duration("--half-close-timeout");
    service.options.connect_timeout = values.duration("--connect-timeout");
    service.options.grace = values.duration("--grace");
    service.options.connections_max = values.number<std::size_t>("--max-connections");
    service.options.first_bytes = traced_bytes(values);
    service.threads = values.number<std::size_t>("--threads");
    service.transport = transport_choice(values);
    if (values.has("--status"))
        service.status = core::parse_status_address(values.text("--status")).value();
    service.version = glovebox_program().version;
    service.command = values.list("COMMAND");
    if (!is_traced()) {
        // A way in connects to this side's ports.
        service.needs.emplace(core::Needs{.connects_by_tcp = !service.ways_in.empty()});
        add_sockets(*service.needs, service.transport, service.status);
    }
    const auto log = make_log(values, "forward");
    LimitedLog limited(*log, values.number<std::size_t>("--log-rate"));
    return service.serve(limited);
}

std::string problem_of_listener(const std::string& text) {
    return core::is_inward_route(text) ? problem_by<core::parse_inward_route>(text)
                                       : problem_by<core::parse_forward_route>(text);
}

}  // namespace

Command forward_command() {
    return {
        .name = "forward",
        .summary = "Carry TCP connections to vsock addresses, and vsock connections to TCP ports",
        .description = {"Runs in an enclave or on the parent. The TCP side is 127.0.0.1 unless an "
                        "address is given. If the interface lo is down, as in an enclave that has "
                        "just booted, it is brought up, which takes CAP_NET_ADMIN. The parent has "
                        "CID 3.",
                        "With --egress, programs that know of no proxy reach hosts by their names: "
                        "every address of the enclave's network is made local, a name server "
                        "answers at port 53 with an address for each name, and a connection to "
                        "that address goes on as CONNECT to the proxy of --egress-proxy. It takes "
                        "root, and a network whose only interface is lo. A name that the proxy's "
                        "allowlist can't open does not exist for programs, a connection that it "
                        "refuses is reset, and the log says which rule is missing.",
                        "With a command, `glovebox forward` starts it when all ports listen, ends "
                        "with it and returns its exit status."},
        .options = command_line::joined(
            {{{.name = "--listen",
               .placeholder = "[ADDRESS:]PORT=TARGET",
               .check = problem_of_listener,
               .repeat = Repeat::list,
               .summary = "Listen on this TCP port and connect to this vsock address: "
                          "8443=3:8000; 443=by-name connects to that of the client's --route. The "
                          "other way round, vsock:5005=127.0.0.1:8080 listens on "
                          "this side's vsock port 5005 and connects to a port of its loopback "
                          "interface"},
              {.name = "--http-proxy",
               .placeholder = "[[ADDRESS:]PORT=]CID:PORT",
               .check = problem_by<core::parse_http_proxy_route>,
               .repeat = Repeat::list,
               .summary = "Listen for HTTP clients (HTTPS_PROXY, http_proxy) and SOCKS clients "
                          "(ALL_PROXY), and "
                          "connect to the CONNECT proxy at this vsock address: 3:8001 listens on "
                          "127.0.0.1:3128"},
              idle_timeout_option(),
              half_close_timeout_option(),
              {.name = "--connect-timeout",
               .kind = Kind::duration,
               .placeholder = "TIME",
               .summary = "Give up a connection to the vsock address after this time",
               .default_value = "5s"},
              {.name = "--grace",
               .kind = Kind::duration,
               .placeholder = "TIME",
               .summary = "How long open connections may go on when the forwarder stops",
               .default_value = "5s"},
              max_connections_option(),
              threads_option(),
              trace_traffic_option(),
              status_option()},
             ingress_options(),
             egress_options(),
             transport_options(),
             log_options(),
             {log_rate_option()}}),
        .positionals = {{.name = "COMMAND",
                         .repeat = Repeat::list,
                         .summary = "The command and its arguments, after --",
                         .completion = Completion::program}},
        .requirements = {{{"--listen", "--http-proxy", "--egress"}}},
        .examples = {{"In an enclave, a program that speaks TCP reaches the parent's port 8000",
                      "glovebox forward --listen 8443=3:8000"},
                     {"In an enclave, programs reach any allowed host through the parent's CONNECT "
                      "proxy on port 8001",
                      "glovebox forward --http-proxy 3:8001 -- \\\n"
                      "    env HTTPS_PROXY=http://127.0.0.1:3128 curl https://example.com/"},
                     {"In an enclave, the same for a program that knows of no proxy",
                      "glovebox forward --egress -- curl https://example.com/"},
                     {"In an enclave, a web server that listens on 127.0.0.1:8080 is reached on "
                      "vsock port 5005",
                      "glovebox forward --listen vsock:5005=127.0.0.1:8080 -- python3 app.py"},
                     {"On the parent, the way in to port 5005 of enclave 16",
                      "glovebox forward --listen 0.0.0.0:8443=16:5005"},
                     {"On the parent, with numbers for Prometheus at 127.0.0.1:9101",
                      "glovebox forward --listen 0.0.0.0:8443=16:5005 --status 127.0.0.1:9101"},
                     {"On the parent, two enclaves share TCP port 443, each with names of its own",
                      "glovebox forward --listen 0.0.0.0:443=by-name \\\n"
                      "    --route api.example.com=16:8443 --route '*.example.org=17:8443'"}},
        .see_also = {"glovebox-proxy(1)"},
        .run = forward};
}

}  // namespace glovebox::cli
