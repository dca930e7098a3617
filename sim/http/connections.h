// SPDX-License-Identifier: Apache-2.0

// The open connections of all HTTP servers of a process, within two limits: their number, and the
// memory for request bodies that are being received.
//
// At a limit, a new connection is accepted all the same, and an old one is closed for it: of the
// peer that has most, the one that has waited longest since its last request. So idle connections
// never keep a request out, and a peer with a thousand connections takes nothing from a peer with
// one.
//
// A peer is an IPv4 address or an IPv6 network of 64 bits. All loopback addresses are one peer,
// since a program that can use one of them can use them all. All functions may be called from any
// thread.
#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/log.h"
#include "sim/http/counted_warning.h"

namespace glovebox::http {

struct ConnectionLimits {
    std::size_t connections = 4000;
    std::size_t body_bytes = std::size_t{256} << 20;
};

// The number of connections that fit into a limit on open descriptors, beside the other descriptors
// of a service.
[[nodiscard]] std::size_t connections_within(std::size_t descriptors);

// The name of the peer that an IP address belongs to: "10.0.0.1", "2001:db8::/64", "loopback".
[[nodiscard]] std::string peer_of(std::string_view ip);

class Connections {
  public:
    class Place;

    // `log` outlives it.
    Connections(ConnectionLimits limits, Log& log);
    ~Connections();
    Connections(const Connections&) = delete;
    Connections& operator=(const Connections&) = delete;

    // Takes a place for a new connection from the address `ip`. `end` has to make the connection
    // end soon. It is called at most once, while the place is held, from any thread, and with a
    // lock held: it must not call this class.
    [[nodiscard]] Place add(std::string_view ip, std::function<void()> end);

    // Ends the connection that a new one would replace: another part of the process needs its
    // descriptor.
    void make_room();

    // The number of connections, without those that were told to end.
    [[nodiscard]] std::size_t size() const;

  private:
    struct Entry {
        std::string peer;
        std::function<void()> end;
        std::size_t body_bytes = 0;
        bool is_ending = false;
    };
    using Entries = std::list<Entry>;  // the longest waiting first

    // Call these with the mutex held.
    void end(Entries::iterator entry);
    void end_longest_waiting();
    void end_body_before(const Entry& newest);

    ConnectionLimits limits_;
    CountedWarning full_;
    CountedWarning memory_;
    mutable std::mutex mutex_;  // guards what follows
    std::map<std::string, Entries> peers_;
    Entries ending_;
    std::size_t size_ = 0;
    std::size_t body_bytes_ = 0;
};

// The place of one connection; the destructor gives it up. The Connections outlive it.
class Connections::Place {
  public:
    Place(Place&& other) noexcept
        : all_(std::exchange(other.all_, nullptr)), entry_(other.entry_) {}
    Place& operator=(Place&&) = delete;
    ~Place();

    // Reserves memory for the body of the request that is being read. May end other connections.
    void hold_body(std::size_t bytes);
    // A request has been read: releases the memory of its body, and starts a new wait.
    void restart();

  private:
    friend class Connections;
    Place(Connections& all, Entries::iterator entry) : all_(&all), entry_(entry) {}

    Connections* all_;
    Entries::iterator entry_;
};

}  // namespace glovebox::http
