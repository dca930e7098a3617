// AWS's vsock-proxy by its name, with its arguments and what it prints, so that a unit file or a
// script written for an instance runs here unchanged. What carries the bytes is the proxy of
// `glovebox proxy`, without the original's limits: docs/fidelity.md has them.

#include "sim/cli/vsock_proxy.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <optional>

#include "core/base/clock.h"
#include "core/proxy_error.h"
#include "sim/cli/proxy_service.h"
#include "sim/cli/subcommand.h"
#include "sim/vsock_proxy/allowlist_check.h"

namespace glovebox::cli {
namespace {

constexpr const char* version = "Vsock-TCP proxy 1.0.2";
constexpr const char* default_config = "/etc/nitro_enclaves/vsock-proxy.yaml";

struct Arguments {
    bool only_v4 = false;
    bool only_v6 = false;
    std::string workers = "4";
    std::string config = default_config;
    std::string local_port;
    std::string remote;
    std::string remote_port;
};

// vsock-proxy's own sentence, which ends it with status 1.
struct Failure {
    std::string sentence;
};

template <class Number>
Number parse_number(const std::string& text, const char* otherwise) {
    Number value = 0;
    const char* end = text.data() + text.size();
    const auto [last, failure] = std::from_chars(text.data(), end, value);
    if (failure != std::errc() || last != end)
        throw Failure{otherwise};
    return value;
}

// RUST_LOG as far as it is a level; errors alone without it.
LogLevel log_level() {
    const char* text = std::getenv("RUST_LOG");
    const std::string level = text == nullptr ? "" : text;
    for (const auto& [name, value] : {std::pair{"trace", LogLevel::debug},
                                      {"debug", LogLevel::debug},
                                      {"info", LogLevel::info},
                                      {"warn", LogLevel::warning}})
        if (CLI::detail::to_lower(level) == name)
            return value;
    return LogLevel::error;
}

// A line in the form of Rust's env_logger.
void say(const char* module, const std::string& text) {
    if (log_level() > LogLevel::info)
        return;
    const std::string now = format_time(SystemClock().now());
    std::cerr << fmt::format("[{}Z INFO  {}] {}\n", now.substr(0, now.find('.')), module, text);
}

Result<std::vector<core::IpAddress>> look_up(const core::HostName& name, const Arguments& how) {
    auto all = core::look_up(name);
    if (!all)
        return Error(all.error().code, "DNS lookup failed!");
    std::erase_if(*all, [&](const core::IpAddress& address) {
        return (how.only_v4 && !address.is_v4()) || (how.only_v6 && !address.is_v6());
    });
    if (all->empty())
        return Error(core::ProxyErrc::name_unknown, "No accepted IP was found.");
    return all;
}

// The endpoint that GLOVEBOX_RESOLVE gives the target in the place of its own.
std::optional<core::IpAddress> find_resolved(const std::vector<core::ResolvedTarget>& resolved,
                                             const core::Target& target) {
    for (const core::ResolvedTarget& one : resolved)
        if (one.target == target)
            return one.endpoint.address();
    return std::nullopt;
}

void serve(const Arguments& arguments) {
    const auto local = parse_number<std::uint32_t>(arguments.local_port, "Local port is not valid");
    const auto port =
        parse_number<std::uint16_t>(arguments.remote_port, "Remote port is not valid");
    if (parse_number<std::size_t>(arguments.workers, "Number of workers is not valid") == 0)
        throw Failure{"Number of workers must not be 0"};
    const auto host = core::parse_host(arguments.remote);
    if (!host)
        throw Failure{"Error at checking the allowlist: Could not parse domain name"};
    const core::Target target{*host, port};

    ProxyService service;
    service.dialer.resolved = resolved_by_environment().value();
    service.lookup = [arguments](const core::HostName& name) { return look_up(name, arguments); };
    const auto addresses = [&](const std::string& text) -> Result<std::vector<core::IpAddress>> {
        const auto named = core::parse_host(text);
        if (!named)
            return Error(core::ProxyErrc::bad_target, "Could not parse domain name");
        if (const auto address = find_resolved(service.dialer.resolved, core::Target{*named, port}))
            return std::vector{*address};
        if (const auto* address = std::get_if<core::IpAddress>(&*named))
            return std::vector{*address};
        return look_up(std::get<core::HostName>(*named), arguments);
    };
    say("vsock_proxy", "Checking allowlist configuration");
    const auto matched =
        vsock_proxy::check_allowlist(arguments.config, arguments.remote, port, addresses);
    if (!matched)
        throw Failure{"Error at checking the allowlist: " + matched.error().message};
    say("vsock_proxy::proxy", *matched);

    service.allowlist.add(core::AllowRule::of(target));
    // What the entry opened by its address is opened here too: that was the check, asked once.
    if (const auto first = addresses(arguments.remote))
        for (const core::IpAddress& address : *first)
            service.allowlist.add({core::IpNetwork::of(address), {port, port}});
    service.routes.push_back({{core::cid_any, local}, target});
    LogOptions options;
    options.level = log_level();
    options.component = "vsock-proxy";
    const auto log = make_log(options);
    try {
        service.serve(*log, [&] {
            say("vsock_proxy::proxy", fmt::format("Bound to cid: 3 port: {}", local));
            say("vsock_proxy", "Proxy is now in listening state");
        });
    } catch (const ErrorException& failure) {
        std::cerr << "glovebox: " << failure.what() << '\n';
        throw Failure{fmt::format(
            "Could not listen for connections: Could not bind to cid: 3 port: {}", local)};
    }
}

}  // namespace

int vsock_proxy_main(int argc, char** argv) {
    CLI::App app{"Vsock-TCP proxy", "vsock-proxy"};
    Arguments arguments;
    app.set_version_flag("-V,--version", version);
    auto* v4 =
        app.add_flag("-4,--ipv4", arguments.only_v4, "Force the proxy to use IPv4 addresses only.");
    app.add_flag("-6,--ipv6", arguments.only_v6, "Force the proxy to use IPv6 addresses only.")
        ->excludes(v4);
    app.add_option("-w,--num_workers", arguments.workers,
                   "Set the maximum number of simultaneous connections supported (read, and not a "
                   "limit here).");
    app.add_option("--config", arguments.config,
                   "YAML file containing the services that can be forwarded.");
    app.add_option("local_port", arguments.local_port,
                   "Local Vsock port to listen for incoming connections.")
        ->required();
    app.add_option("remote_addr", arguments.remote, "Address of the server to be proxyed.")
        ->required();
    app.add_option("remote_port", arguments.remote_port,
                   "Remote TCP port of the server to be proxyed.")
        ->required();
    try {
        app.parse(argc, argv);
        serve(arguments);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? exit_done : exit_usage;
    } catch (const Failure& failure) {
        std::cerr << "Error: \"" << failure.sentence << "\"\n";
        return exit_failed;
    } catch (const std::exception& error) {
        std::cerr << "glovebox: " << error.what() << '\n';
        return exit_failed;
    }
    return exit_done;
}

}  // namespace glovebox::cli
