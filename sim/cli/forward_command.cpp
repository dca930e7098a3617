// glovebox forward: TCP ports that lead to vsock addresses, in an enclave or on the parent.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "core/forward.h"
#include "core/process_setup.h"
#include "sim/cli/duration_option.h"
#include "sim/cli/log_option.h"
#include "sim/cli/number_option.h"
#include "sim/cli/run_until_signal.h"
#include "sim/cli/subcommand.h"
#include "sim/cli/transport_option.h"

namespace glovebox::cli {
namespace {

constexpr const char* examples = R"(Examples:
  In an enclave, a program that speaks TCP reaches the parent's port 8000:
    glovebox forward --listen 8443=3:8000
  In an enclave, programs reach any allowed host through the parent's CONNECT proxy on port 8001:
    glovebox forward --http-proxy 3:8001 &
    HTTPS_PROXY=http://127.0.0.1:3128 curl https://example.com/
  On the parent, the way in to port 5005 of enclave 16:
    glovebox forward --listen 0.0.0.0:8443=16:5005

The TCP side is 127.0.0.1 unless it says otherwise; where the interface lo is down, as in an enclave
that has just booted, it is brought up (which takes CAP_NET_ADMIN). The parent is CID 3.)";

struct Options {
    std::vector<std::string> routes;
    std::vector<std::string> http_proxies;
    core::ForwardOptions forward;
    TransportOption transport;
    LogOption log;
};

template <auto parse>
std::string explain(const std::string& text) {
    const auto route = parse(text);
    return route ? std::string() : route.error().message;
}

void run(const Options& options) {
    std::vector<core::ForwardRoute> routes;
    for (const std::string& text : options.routes)
        routes.push_back(core::parse_forward_route(text).value());
    for (const std::string& text : options.http_proxies)
        routes.push_back(core::parse_http_proxy_route(text).value());
    if (routes.empty())
        throw CLI::RequiredError("--listen or --http-proxy");
    core::ignore_sigpipe();
    const auto budget = core::descriptor_budget(core::raise_descriptor_limit());

    const auto log = options.log.make("forward");
    boost::asio::io_context context(1);
    const auto transport = options.transport.make(context.get_executor(), core::cid_parent).value();
    core::PipePool pipes({.pipes_max = budget.pipes});
    auto limited = options.forward;
    limited.connections_max = std::min(limited.connections_max, budget.connections);
    core::Forward forward(context.get_executor(), *transport, pipes, *log, limited);
    for (const core::ForwardRoute& route : routes)
        forward.listen(route).value();
    log->info("ready: {} listeners", routes.size());
    run_until_signal(context, *log, forward.run(), [&] { forward.stop(); });
}

}  // namespace

void add_forward_command(CLI::App& app, int& exit_status) {
    auto options = std::make_shared<Options>();
    CLI::App& command = *app.add_subcommand(
        "forward", "In an enclave or on the parent: TCP ports that lead to vsock addresses");
    command.footer(examples);
    command
        .add_option("--listen", options->routes,
                    "A TCP port, or address and port, and where its connections go: 8443=3:8000. "
                    "Any number of them")
        ->type_name("[ADDRESS:]PORT=CID:PORT")
        ->check(CLI::Validator(explain<core::parse_forward_route>, ""));
    command
        .add_option("--http-proxy", options->http_proxies,
                    "The same for a CONNECT proxy at that vsock address: 3:8001 listens on "
                    "127.0.0.1:3128, for HTTPS_PROXY")
        ->type_name("[[ADDRESS:]PORT=]CID:PORT")
        ->check(CLI::Validator(explain<core::parse_http_proxy_route>, ""));
    add_duration_option(command, "--idle-timeout", options->forward.relay.idle_timeout,
                        "Ends a connection on which nothing moved for so long; 0s for never");
    add_duration_option(command, "--connect-timeout", options->forward.connect_timeout,
                        "For reaching the vsock address");
    add_duration_option(command, "--grace", options->forward.grace,
                        "What open connections get when the forwarder is to end");
    command
        .add_option("--max-connections", options->forward.connections_max,
                    "Further connections wait until one ends; fewer where the limit on open "
                    "descriptors (ulimit -n) does not hold as many")
        ->type_name("N")
        ->check(
            number_between("a number of connections", 1, std::numeric_limits<std::size_t>::max()))
        ->capture_default_str();
    options->transport.add_to(command);
    options->log.add_to(command);
    command.callback([options, &exit_status] {
        run(*options);
        exit_status = exit_done;
    });
}

}  // namespace glovebox::cli
