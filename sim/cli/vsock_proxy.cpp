// SPDX-License-Identifier: Apache-2.0

// AWS's vsock-proxy by its name, with its arguments and what it prints, so that a unit file or a
// script written for an instance runs here unchanged. What carries the bytes is the proxy of
// `glovebox proxy`, without the original's limits: docs/fidelity.md has them.

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <iostream>
#include <optional>

#include "core/base/clock.h"
#include "core/proxy_error.h"
#include "sim/cli/commands.h"
#include "sim/cli/programs.h"
#include "sim/cli/proxy_service.h"
#include "sim/vsock_proxy/allowlist_check.h"

namespace glovebox::cli {
namespace {

constexpr std::string_view version = "Vsock-TCP proxy 1.0.2";
constexpr std::string_view default_config = "/etc/nitro_enclaves/vsock-proxy.yaml";

struct Arguments {
    bool only_v4 = false;
    bool only_v6 = false;
    std::string workers;
    std::string config;
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
    std::string level = text == nullptr ? "" : text;
    for (char& c : level)
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    for (const auto& [name, value] : {std::pair{"trace", LogLevel::debug},
                                      {"debug", LogLevel::debug},
                                      {"info", LogLevel::info},
                                      {"warn", LogLevel::warning}})
        if (level == name)
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
        return Error(core::ProxyError::name_unknown, "No accepted IP was found.");
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
            return Error(core::ProxyError::bad_target, "Could not parse domain name");
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

int run(const Values& values) {
    Arguments arguments;
    arguments.only_v4 = values.flag("--ipv4");
    arguments.only_v6 = values.flag("--ipv6");
    arguments.workers = values.text("--num_workers");
    arguments.config = values.text("--config");
    arguments.local_port = values.text("local_port");
    arguments.remote = values.text("remote_addr");
    arguments.remote_port = values.text("remote_port");
    try {
        serve(arguments);
    } catch (const Failure& failure) {
        std::cerr << "Error: \"" << failure.sentence << "\"\n";
        return exit_failed;
    }
    return exit_done;
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
                                 "1.0.2."},
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
                               {"GLOVEBOX_RESOLVE",
                                "HOST:PORT=ADDRESS:PORT, several with commas between them: "
                                "connect to ADDRESS:PORT instead of HOST:PORT"},
                               {"RUST_LOG", "The level of the log: debug, info, warn or error"}},
                 .see_also = {"glovebox-proxy(1)", "nitro-cli(1)"},
                 .run = run},
        .version = version,
        .version_letter = 'V',
        .dialect = command_line::Dialect::clap};
}

}  // namespace glovebox::cli
