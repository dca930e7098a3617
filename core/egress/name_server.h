// SPDX-License-Identifier: Apache-2.0

// A name server for the programs of this network namespace, by UDP and TCP.
//
// It answers at every address of the namespace, so a resolver finds it at 127.0.0.1, where those of
// glibc, musl, Go and c-ares ask without a resolv.conf, and at the address that a resolv.conf
// names, where every address is local (local_addresses.h).
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>

#include "core/base/error.h"
#include "core/base/log.h"
#include "core/base/unique_fd.h"
#include "core/egress/dns_answer.h"
#include "core/relay/pipe_pool.h"
#include "core/stream/acceptor.h"
#include "core/stream/connection_group.h"
#include "core/stream/stream.h"

namespace glovebox::core {

// The question outlives the lookup.
using DnsLookup = std::function<boost::asio::awaitable<DnsAddresses>(const DnsQuestion& question)>;

class NameServer {
  public:
    // All run on the executor, which is not run by several threads at once, and outlive the server.
    // `lookup` may take a while; other queries are answered meanwhile.
    NameServer(boost::asio::any_io_executor executor, PipePool& pipes, Log& log, DnsLookup lookup);

    // Listens on all addresses, or on 127.0.0.1 alone where another program has the port at some
    // address. Errors: errno's, with what to do.
    [[nodiscard]] Result<void> listen(std::uint16_t port, bool with_ipv6);

    // Ends everything.
    void stop();
    // Returns when everything has ended.
    [[nodiscard]] boost::asio::awaitable<void> finish();

  private:
    Result<void> listen_at(bool is_ipv6, bool on_loopback, std::uint16_t port);
    boost::asio::awaitable<void> serve_datagrams(UniqueFd socket, bool is_ipv6);
    boost::asio::awaitable<void> serve_stream(Stream client);
    // Whether there was one.
    bool take_datagram(const std::shared_ptr<UniqueFd>& socket);

    boost::asio::any_io_executor executor_;
    PipePool& pipes_;
    Log& log_;
    DnsLookup lookup_;
    std::list<Acceptor> acceptors_;
    ConnectionGroup servers_;
    ConnectionGroup streams_;
    ConnectionGroup lookups_;  // of datagrams
};

}  // namespace glovebox::core
