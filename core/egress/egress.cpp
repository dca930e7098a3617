// SPDX-License-Identifier: Apache-2.0

#include "core/egress/egress.h"

#include <fmt/core.h>

#include <algorithm>
#include <boost/system/errc.hpp>
#include <chrono>
#include <string>
#include <utility>

#include "core/address/port_list.h"
#include "core/address/proxy_error.h"
#include "core/base/file_bytes.h"
#include "core/dns/resolv_conf.h"
#include "core/egress/local_addresses.h"
#include "core/stream/asio_result.h"

namespace glovebox::core {
namespace {

namespace asio = boost::asio;
namespace ip = boost::asio::ip;

bool is_taken(const Error& failure) {
    return failure.code == boost::system::errc::address_in_use;
}

// RFC 6761, 6.3: it never leaves the host.
bool is_localhost(const HostName& name) {
    static const HostName localhost = HostName::parse("localhost").value();
    return name == localhost || name.is_below(localhost);
}

const DnsAddresses unknown_name{.status = DnsStatus::name_error};

DnsAddresses loopback_of(const DnsQuestion& question) {
    return {.address = question.is_ipv6 ? IpAddress(ip::address_v6::loopback())
                                        : IpAddress(ip::address_v4::loopback())};
}

Error refuse_shared_ports(std::string_view which) {
    return Error(ProxyError::bad_target,
                 fmt::format("{}, and at most {} can be shared with programs, since each name's "
                             "address is listened on at each of them: give fewer ports",
                             which, egress_shared_ports_max));
}

std::vector<TcpPort> all_ports(const EgressOptions& options) {
    std::vector<TcpPort> ports = options.ports;
    ports.insert(ports.end(), options.shared_ports.begin(), options.shared_ports.end());
    std::sort(ports.begin(), ports.end());
    ports.erase(std::unique(ports.begin(), ports.end()), ports.end());
    return ports;
}

// A question has at most port_list_max ports; with more, names are not asked about.
std::vector<TcpPort> question_ports(const EgressOptions& options) {
    std::vector<TcpPort> ports = all_ports(options);
    if (ports.size() > port_list_max)
        ports.clear();
    return ports;
}

Error explain_listening(Error failure) {
    if (failure.code != boost::system::errc::too_many_files_open)
        return failure;
    return std::move(failure).with_advice(
        "Each port of --egress-ports takes two descriptors: give fewer ports, or raise the limit "
        "on open descriptors (ulimit -Hn)");
}

}  // namespace

Result<std::vector<TcpPort>> parse_egress_ports(std::string_view text) {
    auto ports = parse_port_list(text);
    if (ports && std::binary_search(ports->begin(), ports->end(), EgressOptions().name_server_port))
        return Error(ProxyError::bad_target,
                     fmt::format("\"{}\" has port 53, which is the name server's own here: leave "
                                 "it out",
                                 text));
    return ports;
}

Result<std::vector<TcpPort>> parse_egress_shared_ports(std::string_view text) {
    auto ports = parse_egress_ports(text);
    if (ports && ports->size() > egress_shared_ports_max)
        return refuse_shared_ports(fmt::format("\"{}\" has {} ports", text, ports->size()));
    return ports;
}

std::size_t egress_listeners_max(const EgressOptions& options) {
    constexpr std::size_t families = 2;
    constexpr std::size_t name_server = 2 * families;  // UDP and TCP
    return families * options.ports.size() + name_server +
           (options.shared_ports.empty() ? 0 : options.shared_listeners_max);
}

Egress::Egress(asio::any_io_executor executor, Transport& transport, NameAddresses& names,
               Forward& forward, PipePool& pipes, Log& log, EgressOptions options)
    : names_(names),
      forward_(forward),
      log_(log),
      options_(std::move(options)),
      verdicts_(executor, transport, log,
                {.proxy = options_.proxy, .ports = question_ports(options_)}),
      name_server_(executor, pipes, log,
                   [this](const DnsQuestion& question) { return look_up(question); }),
      stopped_(std::move(executor), std::chrono::steady_clock::time_point::max()) {}

Result<void> Egress::listen() {
    const auto local = make_every_address_local(NameAddresses::network());
    if (!local)
        return local.error();
    has_ipv6_ = local->has_ipv6;
    if (local->lo_was_down)
        log_.info("lo_up", "brought the interface lo up");
    if (options_.gives_ipv6 && !has_ipv6_)
        log_.warning("no_aaaa", "names have IPv4 addresses alone: this kernel has no IPv6");
    for (const TcpPort port : options_.ports)
        if (auto listening = listen_on_port(port); !listening)
            return explain_listening(listening.error());
    if (options_.shared_ports.size() > egress_shared_ports_max)
        return refuse_shared_ports(
            fmt::format("programs have {} of the ports already", options_.shared_ports.size()));
    if (const auto serving = name_server_.listen(options_.name_server_port, has_ipv6_); !serving)
        return serving.error();
    log_.info("egress",
              "programs reach hosts by name, at the ports {}, through the proxy at vsock {}",
              to_string(all_ports(options_)), field("target", to_string(options_.proxy)),
              field("cid", options_.proxy.cid), field("port", options_.proxy.port));
    const ResolvConf conf = parse_resolv_conf(read_system_text(options_.resolv_conf));
    for (const std::string& domain : conf.search)
        if (auto name = HostName::parse(domain); name && conf.ndots > 1)
            searched_domains_.push_back(std::move(*name));
    return {};
}

// A resolver that begins with a domain never comes to the name itself if the name below the domain
// has an address.
void Egress::warn_of_search_list(const HostName& name) {
    const auto searched =
        std::find_if(searched_domains_.begin(), searched_domains_.end(),
                     [&](const HostName& domain) { return name.is_below(domain); });
    if (searched == searched_domains_.end())
        return;
    log_.warning("search_list",
                 "{} has an address here, and names may not reach their hosts: by {}, programs ask "
                 "for NAME.{} before NAME. Remove \"ndots\" or \"search\" from that file, or have "
                 "the allowlist of the parent's proxy not open names below {}",
                 name.text(), options_.resolv_conf.string(), field("target", searched->text()),
                 searched->text());
    searched_domains_.clear();
}

Result<void> Egress::listen_on_port(TcpPort port) {
    for (const bool is_ipv6 : {false, true}) {
        if (is_ipv6 && !has_ipv6_)
            continue;
        const ip::tcp::endpoint endpoint(is_ipv6 ? ip::tcp::v6() : ip::tcp::v4(), port);
        const auto listening =
            forward_.listen(endpoint, {.proxy = options_.proxy, .names = names_});
        if (listening) {
            everywhere_.insert(endpoint);
            continue;
        }
        if (!is_taken(listening.error()))
            return listening.error();
        if (std::find(options_.shared_ports.begin(), options_.shared_ports.end(), port) !=
            options_.shared_ports.end())
            continue;
        log_.info("shared_port",
                  "port {} is a program's own already: connections to names at this port go out, "
                  "those to other addresses don't",
                  field("port", port));
        options_.shared_ports.push_back(port);
    }
    return {};
}

asio::awaitable<DnsAddresses> Egress::look_up(const DnsQuestion& question) {
    if (is_localhost(question.name))
        co_return loopback_of(question);
    // Not an answer without addresses: musl's resolver goes on to the next domain of "search" only
    // where the name does not exist.
    const bool is_allowed = co_await verdicts_.allows(question.name);
    co_return is_allowed ? address_of(question) : unknown_name;
}

DnsAddresses Egress::address_of(const DnsQuestion& question) {
    const auto& [name, is_ipv6] = question;
    if (is_ipv6 && !(options_.gives_ipv6 && has_ipv6_))
        return {};
    const auto address = names_.address_of(name);
    if (!address) {
        log_.warning("names_full", "{} gets no address: every name has an open connection",
                     field("target", name.text()));
        return {.status = DnsStatus::server_failure};
    }
    const IpAddress given =
        is_ipv6 ? IpAddress(NameAddresses::as_ipv6(*address)) : IpAddress(*address);
    listen_for(given);
    warn_of_search_list(name);
    log_.debug("name", "{} has the address {}", field("target", name.text()),
               field("address", given.to_string()));
    return {.address = given};
}

void Egress::listen_for(const IpAddress& address) {
    const auto family = address.is_v6() ? ip::tcp::v6() : ip::tcp::v4();
    for (const TcpPort port : options_.shared_ports)
        if (!everywhere_.contains(Endpoint(family, port)))
            listen_for(Endpoint(address, port));
}

void Egress::listen_for(const Endpoint& endpoint) {
    if (const auto known = shared_by_endpoint_.find(endpoint); known != shared_by_endpoint_.end()) {
        shared_.splice(shared_.begin(), shared_, known->second);
        return;
    }
    const auto listening =
        forward_.listen(endpoint, {.proxy = options_.proxy, .names = names_, .is_shared = true});
    if (!listening) {
        if (taken_ports_.insert(endpoint.port()).second)
            log_.warning("taken_port",
                         "connections to names at port {} can't go out: {}. A program that listens "
                         "on 0.0.0.0 has the port at every address: have it listen on 127.0.0.1, "
                         "or on another port",
                         field("port", endpoint.port()), field("error", listening.error().message));
        return;
    }
    shared_.push_front(endpoint);
    shared_by_endpoint_.emplace(endpoint, shared_.begin());
    if (shared_.size() <= options_.shared_listeners_max)
        return;
    forward_.close(shared_.back());
    shared_by_endpoint_.erase(shared_.back());
    shared_.pop_back();
}

asio::awaitable<void> Egress::run() {
    while (!stopping_)
        co_await stopped_.async_wait(as_result);
    name_server_.stop();
    verdicts_.stop();
    co_await name_server_.finish();
    co_await verdicts_.finish();
}

void Egress::stop() {
    stopping_ = true;
    stopped_.cancel();
}

}  // namespace glovebox::core
