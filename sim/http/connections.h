// SPDX-License-Identifier: Apache-2.0

// The open connections of a process's HTTP servers, within one limit on their number and one on the
// memory of the bodies that they are sending.
//
// At a limit a new connection is taken all the same, and an old one ends for it: of the peer that
// has most, the one that has waited longest since its last request. Idle connections therefore
// never keep a request out, and a peer with a thousand of them takes nothing from a peer with one.
//
// A peer is an IPv4 address or an IPv6 network of 64 bits. The loopback addresses are one peer:
// whoever uses one of this machine's can use them all.
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

// How many connections fit into a limit on open descriptors, beside what else a service has open.
[[nodiscard]] std::size_t connections_within(std::size_t descriptors);

// The peer that an IP address belongs to.
[[nodiscard]] std::string peer_of(std::string_view ip);

class Connections {
  public:
    class Place;

    // `log` outlives it.
    Connections(ConnectionLimits limits, Log& log);
    ~Connections();
    Connections(const Connections&) = delete;
    Connections& operator=(const Connections&) = delete;

    // A place for a new connection from the address `ip`. `end` makes the connection end soon; it
    // is called at most once, while the place is held, from any thread, and calls nothing here.
    [[nodiscard]] Place add(std::string_view ip, std::function<void()> end);

    // Ends the connection that a new one would replace: somebody needs its descriptor now.
    void make_room();

    // Those that were not made to end.
    [[nodiscard]] std::size_t size() const;

  private:
    struct Entry {
        std::string peer;
        std::function<void()> end;
        std::size_t body_bytes = 0;
        bool is_ending = false;
    };
    using Entries = std::list<Entry>;  // the one that waits longest first

    // All of these with the mutex held.
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

// One connection's place, given up when it is destroyed. The Connections outlive it.
class Connections::Place {
  public:
    Place(Place&& other) noexcept
        : all_(std::exchange(other.all_, nullptr)), entry_(other.entry_) {}
    Place& operator=(Place&&) = delete;
    ~Place();

    // Memory for the body of the request that is being read.
    void hold_body(std::size_t bytes);
    // A request has been read: its body's memory is given back, and a new wait begins.
    void restart();

  private:
    friend class Connections;
    Place(Connections& all, Entries::iterator entry) : all_(&all), entry_(entry) {}

    Connections* all_;
    Entries::iterator entry_;
};

}  // namespace glovebox::http
