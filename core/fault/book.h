// SPDX-License-Identifier: Apache-2.0

// The faults of a world, and which connections and requests they strike. It decides; the carriers
// (carrier.h) and the services do what it says. It has no clock of its own, and moves no byte.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/fault/fault.h"

namespace glovebox::fault {

using Time = std::chrono::steady_clock::time_point;

// What happened to a fault. The references live as long as the call.
struct News {
    enum class What { set, struck, healed };
    What what;
    unsigned id;
    const Fault& fault;
    // Of `struck`: who connected, and to what.
    std::optional<core::VsockAddress> client = std::nullopt;
    std::optional<core::VsockAddress> listener = std::nullopt;
    // Of `struck`: what was asked of the KMS, the metadata or a module; or the enclave.
    std::string_view request = {};
    std::string_view reason = {};  // of `healed`: "it has struck 2 times"
};

// What the faults do to one connection now.
struct Effects {
    enum class End { none, cut, reset };
    End end = End::none;
    bool is_stalled = false;
    std::chrono::milliseconds delay{};
    std::uint64_t bytes_a_second = 0;  // 0: no limit
    std::uint64_t piece = 0;           // 0: no limit
    // The effects hold for so many bytes more.
    std::uint64_t bytes_until_change = std::numeric_limits<std::uint64_t>::max();
};

class Book {
  public:
    using ConnectionId = std::uint64_t;

    struct Entry {
        Fault fault;
        std::optional<Time> heals_at;
        unsigned passed = 0;  // connections or requests, of Fault::skip
        unsigned struck = 0;  // connections or requests
    };

    // `tell` must not call the book.
    explicit Book(std::function<void(const News&)> tell) : tell_(std::move(tell)) {}

    // The fault's number. It counts the bytes of open connections from now on.
    unsigned set(const Fault& fault, Time now);
    // Whether there was a fault with this number.
    bool heal(unsigned id, std::string_view reason);
    // How many there were.
    std::size_t heal_all(std::string_view reason);
    // Heals those whose time is over.
    void heal_expired(Time now);
    [[nodiscard]] std::optional<Time> next_expiry() const;
    [[nodiscard]] const std::map<unsigned, Entry>& entries() const { return entries_; }

    // Whether a connect is refused. It strikes.
    [[nodiscard]] bool refuses(core::VsockAddress client, core::VsockAddress listener);

    // What strikes this request to a part: "kms", "imds", or "nsm", the module of the enclave
    // `cid`. Expired credentials and a clock concern each, and are not counted.
    [[nodiscard]] std::vector<Fault> strike(std::string_view part, std::string_view request,
                                            std::optional<core::Cid> cid = std::nullopt);
    // The fault has struck an enclave, which `what` names.
    void strike_enclave(unsigned id, std::string_view what);
    // How far the clock of a part is ahead.
    [[nodiscard]] std::chrono::milliseconds clock_of(std::string_view part,
                                                     std::optional<core::Cid> cid) const;
    // The enclave of this name has another CID now.
    void move_enclave(std::string_view name, core::Cid cid);

    [[nodiscard]] ConnectionId open(core::VsockAddress client, core::VsockAddress listener);
    void close(ConnectionId id) { connections_.erase(id); }
    // Faults that it reaches strike. A cut that has struck often enough is healed.
    [[nodiscard]] Effects effects(ConnectionId id);
    // The connection has carried these bytes, in either direction.
    void carried(ConnectionId id, std::uint64_t bytes);

  private:
    struct Connection {
        core::VsockAddress client;
        core::VsockAddress listener;
        std::uint64_t bytes = 0;
        std::map<unsigned, std::uint64_t> bytes_before;  // a fault was set
        std::set<unsigned> struck_by;
        std::set<unsigned> passed_by;  // it is one of those that a fault skips
    };

    // Whether the fault may strike once more. Then it tells `news`; it counts in any case.
    [[nodiscard]] bool may_strike(Entry& entry, const News& news);
    void heal_spent(unsigned id);

    std::function<void(const News&)> tell_;
    unsigned last_id_ = 0;
    ConnectionId last_connection_ = 0;
    std::map<unsigned, Entry> entries_;
    std::map<ConnectionId, Connection> connections_;
};

}  // namespace glovebox::fault
