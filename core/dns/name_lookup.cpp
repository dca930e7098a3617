// SPDX-License-Identifier: Apache-2.0

#include "core/dns/name_lookup.h"

#include <fmt/core.h>

#include <utility>

#include "core/address/proxy_error.h"
#include "core/dns/address_order.h"

namespace glovebox::core {
namespace {

namespace asio = boost::asio;

bool is_local_name(const HostName& name) {
    static const HostName localhost = HostName::parse("localhost").value();
    return name == localhost || name.is_below(localhost);
}

}  // namespace

NameLookup::NameLookup(const NameFiles& files)
    : port_(files.port),
      hosts_(files.hosts, [](const std::string& text) { return HostsFile(text); }),
      resolv_conf_(files.resolv_conf,
                   [](const std::string& text) { return parse_resolv_conf(text); }),
      nsswitch_conf_(files.nsswitch_conf,
                     [](const std::string& text) { return parse_nsswitch_conf(text); }) {}

std::optional<FoundAddresses> NameLookup::find_in_hosts(const HostName& name) {
    FoundAddresses found;
    found.addresses = hosts_.get().find(name);
    if (found.addresses.empty())
        return std::nullopt;
    if (found.addresses.size() > 2 * addresses_per_family_max)
        found.addresses.resize(2 * addresses_per_family_max);
    sort_addresses(found.addresses);
    return found;
}

asio::awaitable<Result<FoundAddresses>> NameLookup::ask_servers(HostName name) {
    const ResolvConf conf = resolv_conf_.get();
    Error unknown;
    for (const HostName& candidate : search_names(name, conf)) {
        NameServers servers{resolv_conf_.path(), port_, conf.timeout, conf.attempts};
        auto found = co_await ask_name_servers(candidate, std::move(servers));
        if (found)
            sort_addresses(found->addresses);
        if (found || found.error().code != ProxyError::name_unknown)
            co_return found;
        if (candidate == name)
            unknown = found.error();
    }
    co_return unknown;
}

asio::awaitable<Result<FoundAddresses>> NameLookup::look_up(HostName name) {
    if (is_local_name(name)) {
        auto found = find_in_hosts(name);
        if (!found)
            found = FoundAddresses{
                {asio::ip::address_v4::loopback(), asio::ip::address_v6::loopback()}};
        co_return std::move(*found);
    }
    const std::vector<NameSource> sources = nsswitch_conf_.get();
    Error failure(
        ProxyError::name_unknown,
        fmt::format("the name {} is not known: {} does not have it, and {} names no other "
                    "source of host names",
                    name.text(), hosts_.path(), nsswitch_conf_.path()));
    for (const NameSource source : sources) {
        if (source == NameSource::files) {
            auto found = find_in_hosts(name);
            if (found)
                co_return std::move(*found);
            continue;
        }
        auto found = co_await ask_servers(name);
        if (found || found.error().code == asio::error::operation_aborted)
            co_return found;
        failure = found.error();
    }
    co_return failure;
}

}  // namespace glovebox::core
