// SPDX-License-Identifier: Apache-2.0

// The way out of an enclave for programs that know of no proxy.
//
//   program --"example.com?"--> name server: 198.18.0.2
//   program --TCP 198.18.0.2:443--> Egress --vsock, "CONNECT example.com:443"--> the parent's proxy
//
// It takes lo, root and sockets alone: every address is local (local_addresses.h), a name server
// gives each name an address of its own (dns/name_addresses.h), and the address of a connection
// says which name was meant. A connection to any other address is asked for by that address.
// Whether the proxy opens the tunnel is the allowlist's decision; the program sees a reset where it
// does not. A name that the allowlist can open at no port does not exist for programs, if the proxy
// tells (name_verdicts.h).
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <list>
#include <map>
#include <set>
#include <string_view>
#include <vector>

#include "core/address/target.h"
#include "core/address/vsock_address.h"
#include "core/base/error.h"
#include "core/base/log.h"
#include "core/dns/name_addresses.h"
#include "core/egress/name_server.h"
#include "core/egress/name_verdicts.h"
#include "core/forward/forward.h"
#include "core/relay/pipe_pool.h"
#include "core/stream/transport.h"

namespace glovebox::core {

struct EgressOptions {
    VsockAddress proxy{cid_parent, 8001};
    std::vector<TcpPort> ports{80, 443};
    // Of these, only the names' addresses are listened on, each once its name is asked for, so that
    // a program can listen on 127.0.0.1.
    std::vector<TcpPort> shared_ports{};
    bool gives_ipv6 = false;  // to names, beside IPv4
    std::uint16_t name_server_port = 53;
    std::size_t shared_listeners_max = 256;
    // What programs' resolvers read: it is warned of when a name that one finds in a domain that it
    // searches first keeps it from the name itself.
    std::filesystem::path resolv_conf = "/etc/resolv.conf";
};

// With more, the latest names alone would take all of shared_listeners_max.
inline constexpr std::size_t egress_shared_ports_max = 16;

// The ports of EgressOptions: parse_port_list(), less the name server's port, 53. Errors:
// ProxyError::bad_target, also for more shared ports than egress_shared_ports_max.
[[nodiscard]] Result<std::vector<TcpPort>> parse_egress_ports(std::string_view text);
[[nodiscard]] Result<std::vector<TcpPort>> parse_egress_shared_ports(std::string_view text);

// How many descriptors the listeners take at the most.
[[nodiscard]] std::size_t egress_listeners_max(const EgressOptions& options);

class Egress {
  public:
    // All run on the executor, which is not run by several threads at once, and outlive the egress;
    // the forwarder carries its connections, so the egress's names outlive it: see `names`.
    Egress(boost::asio::any_io_executor executor, Transport& transport, NameAddresses& names,
           Forward& forward, PipePool& pipes, Log& log, EgressOptions options);

    // Makes every address local, and listens. Errors: make_every_address_local()'s,
    // NameServer::listen()'s, errno's of a port that can't be listened on, and
    // ProxyError::bad_target if programs have more than egress_shared_ports_max of the ports.
    [[nodiscard]] Result<void> listen();

    // Answers names until stop().
    [[nodiscard]] boost::asio::awaitable<void> run();
    void stop();

  private:
    using Endpoint = boost::asio::ip::tcp::endpoint;

    Result<void> listen_on_port(TcpPort port);
    void warn_of_search_list(const HostName& name);
    boost::asio::awaitable<DnsAddresses> look_up(const DnsQuestion& question);
    DnsAddresses address_of(const DnsQuestion& question);
    void listen_for(const IpAddress& address);
    void listen_for(const Endpoint& endpoint);

    NameAddresses& names_;
    Forward& forward_;
    Log& log_;
    EgressOptions options_;
    NameVerdicts verdicts_;
    NameServer name_server_;
    bool has_ipv6_ = false;
    std::set<Endpoint> everywhere_;  // listeners at every address of a family
    std::list<Endpoint> shared_;     // the latest first
    std::map<Endpoint, std::list<Endpoint>::iterator> shared_by_endpoint_;
    std::set<TcpPort> taken_ports_;
    std::vector<HostName> searched_domains_;  // before names with few dots; none once warned of
    boost::asio::steady_timer stopped_;       // never fires; cancelled by stop()
    bool stopping_ = false;
};

}  // namespace glovebox::core
