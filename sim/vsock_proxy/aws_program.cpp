// SPDX-License-Identifier: Apache-2.0

#include "sim/vsock_proxy/aws_program.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <charconv>
#include <cstdlib>
#include <optional>
#include <ostream>
#include <utility>
#include <vector>

#include "core/address/proxy_error.h"
#include "core/base/clock.h"
#include "core/base/workflow_commands.h"
#include "core/dns/dns_resolver.h"
#include "core/service/process_setup.h"
#include "sim/vsock_proxy/allowlist_check.h"
#include "sim/vsock_proxy/proxy_service.h"

namespace glovebox::vsock_proxy {
namespace {

namespace asio = boost::asio;

constexpr const char* lookup_failed = "DNS lookup failed!";
constexpr const char* no_accepted_ip = "No accepted IP was found.";

// vsock-proxy's own sentence, which ends it with status 1.
struct Failure {
    std::string sentence;
    std::string hint{};  // Glovebox's own
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

// The level in RUST_LOG; errors only if it is not set or is not a level.
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
void say(std::ostream& to, const char* module, const std::string& text) {
    if (log_level() > LogLevel::info)
        return;
    const std::string now = format_time(SystemClock().now());
    to << fmt::format("[{}Z INFO  {}] {}\n", now.substr(0, now.find('.')), module, text);
}

// Those of the kind that -4 or -6 asks for.
Result<std::vector<core::IpAddress>> accepted(std::vector<core::IpAddress> all,
                                              const Arguments& how) {
    std::erase_if(all, [&](const core::IpAddress& address) {
        return (how.only_v4 && !address.is_v4()) || (how.only_v6 && !address.is_v6());
    });
    if (all.empty())
        return Error(core::ProxyError::name_unknown, no_accepted_ip);
    return all;
}

asio::awaitable<Result<core::FoundAddresses>> look_up(core::Lookup lookup, core::HostName name,
                                                      Arguments how) {
    auto found = co_await lookup(std::move(name));
    if (!found)
        co_return found.error();
    auto addresses = accepted(std::move(found->addresses), how);
    if (!addresses)
        co_return addresses.error();
    co_return core::FoundAddresses{std::move(*addresses), found->ttl};
}

// The same before there is a loop.
Result<std::vector<core::IpAddress>> look_up_now(const core::Lookup& lookup,
                                                 const core::HostName& name, const Arguments& how) {
    asio::io_context context(1);
    auto answer = asio::co_spawn(context, look_up(lookup, name, how), asio::use_future);
    context.run();
    auto found = answer.get();
    if (!found)
        return found.error();
    return std::move(found->addresses);
}

// The address that GLOVEBOX_RESOLVE states for the target, or that a server of the world has.
std::optional<core::IpAddress> find_resolved(const core::DialerOptions& options,
                                             const core::Target& target) {
    for (const core::ResolvedTarget& one : options.resolved)
        if (one.target == target)
            return one.endpoint.address();
    for (const core::ResolvedTarget& one :
         options.served ? options.served() : std::vector<core::ResolvedTarget>())
        if (one.target == target)
            return one.endpoint.address();
    return std::nullopt;
}

// Why the lookup failed, and what to do about a name of AWS's KMS.
std::string explain_failed_lookup(const std::string& reason, const Arguments& arguments) {
    if (!arguments.remote.starts_with("kms.") && !arguments.remote.starts_with("kms-fips."))
        return reason;
    return fmt::format(
        "{}. No KMS of this world serves {}: start one before vsock-proxy (`glovebox kms "
        "--listen-tls "
        "127.0.0.1:0`, with --region for another region), or set "
        "GLOVEBOX_RESOLVE={}:{}=ADDRESS:PORT",
        reason, arguments.remote, arguments.remote, arguments.remote_port);
}

void serve(const Arguments& arguments, std::ostream& to) {
    const auto local = parse_number<std::uint32_t>(arguments.local_port, "Local port is not valid");
    const auto port =
        parse_number<std::uint16_t>(arguments.remote_port, "Remote port is not valid");
    if (parse_number<std::size_t>(arguments.workers, "Number of workers is not valid") == 0)
        throw Failure{"Number of workers must not be 0"};
    const auto host = core::parse_host(arguments.remote);
    if (!host)
        throw Failure{"Error at checking the allowlist: Could not parse domain name"};
    const core::Target target{*host, port};

    core::ignore_write_signals();
    ProxyService service;
    if (const char* transport = std::getenv("GLOVEBOX_TRANSPORT"); transport != nullptr)
        service.transport.transport = transport;
    service.dialer.resolved = resolved_by_environment().value();
    service.dialer.served = arguments.served;
    const core::Lookup lookup = core::lookup_by();
    service.lookup = [lookup, arguments](core::HostName name) {
        return look_up(lookup, std::move(name), arguments);
    };
    std::string reason;  // of the last lookup that failed
    const auto addresses = [&](const std::string& text) -> Result<std::vector<core::IpAddress>> {
        const auto named = core::parse_host(text);
        if (!named)
            return Error(core::ProxyError::bad_target, "Could not parse domain name");
        if (const auto address = find_resolved(service.dialer, core::Target{*named, port}))
            return std::vector{*address};
        if (const auto* address = std::get_if<core::IpAddress>(&*named))
            return accepted({*address}, arguments);
        auto found = look_up_now(lookup, std::get<core::HostName>(*named), arguments);
        if (found || found.error().message == no_accepted_ip)
            return found;
        reason = found.error().message;
        return Error(found.error().code, lookup_failed);
    };
    say(to, "vsock_proxy", "Checking allowlist configuration");
    const auto matched = check_allowlist(arguments.config, arguments.remote, port, addresses);
    if (!matched)
        throw Failure{"Error at checking the allowlist: " + matched.error().message,
                      matched.error().message == lookup_failed
                          ? explain_failed_lookup(reason, arguments)
                          : ""};
    say(to, "vsock_proxy::proxy", *matched);

    service.allowlist.add(core::TargetRule::of(target));
    // An entry that matched by address allows that address, so allow it here as well: AWS's program
    // checks only once.
    if (const auto first = addresses(arguments.remote))
        for (const core::IpAddress& address : *first)
            service.allowlist.add({core::IpNetwork::of(address), {port, port}});
    service.routes.push_back({{core::cid_any, local}, target});
    LogOptions options;
    options.level = log_level();
    options.component = "vsock-proxy";
    options.is_workflow_step = is_workflow_step();
    const auto log = make_log(options);
    try {
        (void)service.serve(*log, [&] {
            say(to, "vsock_proxy::proxy", fmt::format("Bound to cid: 3 port: {}", local));
            say(to, "vsock_proxy", "Proxy is now in listening state");
            return std::string("1 listener");
        });
    } catch (const ErrorException& failure) {
        to << "glovebox: " << failure.what() << '\n';
        throw Failure{fmt::format(
            "Could not listen for connections: Could not bind to cid: 3 port: {}", local)};
    }
}

}  // namespace

int run_as_aws(const Arguments& arguments, std::ostream& to) {
    try {
        serve(arguments, to);
    } catch (const Failure& failure) {
        to << "Error: \"" << failure.sentence << "\"\n";
        if (!failure.hint.empty())
            to << "glovebox: " << failure.hint << '\n';
        return 1;
    }
    return 0;
}

}  // namespace glovebox::vsock_proxy
