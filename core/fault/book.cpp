// SPDX-License-Identifier: Apache-2.0

#include "core/fault/book.h"

#include <fmt/core.h>

#include <algorithm>
#include <vector>

namespace glovebox::fault {

unsigned Book::set(const Fault& fault, Time now) {
    const unsigned id = ++last_id_;
    Entry entry{fault, std::nullopt};
    if (fault.lasts)
        entry.heals_at = now + *fault.lasts;
    const Entry& kept = entries_.emplace(id, std::move(entry)).first->second;
    for (auto& [number, connection] : connections_)
        connection.bytes_before[id] = connection.bytes;
    tell_({News::What::set, id, kept.fault});
    return id;
}

bool Book::heal(unsigned id, std::string_view reason) {
    auto taken = entries_.extract(id);
    if (!taken)
        return false;
    for (auto& [number, connection] : connections_) {
        connection.bytes_before.erase(id);
        connection.struck_by.erase(id);
        connection.passed_by.erase(id);
    }
    News news{News::What::healed, id, taken.mapped().fault};
    news.reason = reason;
    tell_(news);
    return true;
}

std::size_t Book::heal_all(std::string_view reason) {
    const std::size_t count = entries_.size();
    while (!entries_.empty())
        heal(entries_.begin()->first, reason);
    return count;
}

void Book::heal_expired(Time now) {
    std::vector<unsigned> expired;
    for (const auto& [id, entry] : entries_)
        if (entry.heals_at && *entry.heals_at <= now)
            expired.push_back(id);
    for (const unsigned id : expired)
        heal(id, "its time is over");
}

std::optional<Time> Book::next_expiry() const {
    std::optional<Time> next;
    for (const auto& [id, entry] : entries_)
        if (entry.heals_at)
            next = std::min(next.value_or(*entry.heals_at), *entry.heals_at);
    return next;
}

bool Book::may_strike(Entry& entry, const News& news) {
    if (entry.passed < entry.fault.skip) {
        ++entry.passed;
        return false;
    }
    if (entry.fault.times && entry.struck >= *entry.fault.times)
        return false;
    ++entry.struck;
    tell_(news);
    return true;
}

// What goes on for a connection, as a delay does, ends with the connection.
void Book::heal_spent(unsigned id) {
    const auto found = entries_.find(id);
    if (found == entries_.end())
        return;
    const Entry& entry = found->second;
    if (entry.fault.times && entry.struck >= *entry.fault.times)
        heal(id, entry.struck == 1 ? "it has struck once"
                                   : fmt::format("it has struck {} times", entry.struck));
}

bool Book::refuses(core::VsockAddress client, core::VsockAddress listener) {
    for (auto& [id, entry] : entries_) {
        if (entry.fault.kind != Kind::refuse || !entry.fault.is_for(client, listener) ||
            !may_strike(entry, {News::What::struck, id, entry.fault, client, listener}))
            continue;
        heal_spent(id);
        return true;
    }
    return false;
}

namespace {

// Whether the clock of this part, of this enclave, is one that the fault shifts.
bool shifts(const Fault& fault, std::string_view part, std::optional<core::Cid> cid) {
    return fault.kind == Kind::clock && (fault.part.empty() || fault.part == part) &&
           (!fault.to || fault.to == cid);
}

}  // namespace

std::vector<Fault> Book::strike(std::string_view part, std::string_view request,
                                std::optional<core::Cid> cid) {
    std::vector<Fault> struck;
    std::vector<unsigned> all;
    for (auto& [id, entry] : entries_) {
        const Fault& fault = entry.fault;
        // Of both: whose credentials are meant is the services' to find out.
        if (fault.kind == Kind::imds_expire_credentials || shifts(fault, part, cid)) {
            struck.push_back(fault);
            continue;
        }
        if (part_of(fault.kind) != part || (!fault.request.empty() && fault.request != request) ||
            (fault.to && fault.to != cid))
            continue;
        News news{News::What::struck, id, fault};
        news.request = request;
        if (!may_strike(entry, news))
            continue;
        struck.push_back(fault);
        all.push_back(id);
    }
    for (const unsigned id : all)
        heal_spent(id);
    return struck;
}

void Book::strike_enclave(unsigned id, std::string_view what) {
    const auto found = entries_.find(id);
    if (found == entries_.end())
        return;
    News news{News::What::struck, id, found->second.fault};
    news.request = what;
    (void)may_strike(found->second, news);
}

std::chrono::milliseconds Book::clock_of(std::string_view part,
                                         std::optional<core::Cid> cid) const {
    std::chrono::milliseconds ahead{};
    for (const auto& [id, entry] : entries_)
        if (shifts(entry.fault, part, cid))
            ahead += entry.fault.time;
    return ahead;
}

void Book::move_enclave(std::string_view name, core::Cid cid) {
    for (auto& [id, entry] : entries_) {
        if (entry.fault.enclave == name || entry.fault.to_name == name)
            entry.fault.to = cid;
        if (entry.fault.from_name == name)
            entry.fault.from = cid;
    }
}

Book::ConnectionId Book::open(core::VsockAddress client, core::VsockAddress listener) {
    connections_[++last_connection_] = {client, listener, 0, {}, {}, {}};
    return last_connection_;
}

void Book::carried(ConnectionId id, std::uint64_t bytes) {
    if (const auto found = connections_.find(id); found != connections_.end())
        found->second.bytes += bytes;
}

Effects Book::effects(ConnectionId id) {
    Effects effects;
    const auto found = connections_.find(id);
    if (found == connections_.end())
        return effects;
    Connection& connection = found->second;
    std::optional<unsigned> ended_by;
    for (auto& [number, entry] : entries_) {
        const Fault& fault = entry.fault;
        if (fault.kind == Kind::refuse || !is_of_connections(fault.kind) ||
            !fault.is_for(connection.client, connection.listener))
            continue;
        const auto before = connection.bytes_before.find(number);
        const std::uint64_t carried =
            connection.bytes - (before == connection.bytes_before.end() ? 0 : before->second);
        if (fault.after && carried < *fault.after) {
            effects.bytes_until_change =
                std::min(effects.bytes_until_change, *fault.after - carried);
            continue;
        }
        if (connection.passed_by.contains(number))
            continue;
        if (!connection.struck_by.contains(number)) {
            if (!may_strike(entry, {News::What::struck, number, fault, connection.client,
                                    connection.listener})) {
                connection.passed_by.insert(number);
                continue;
            }
            connection.struck_by.insert(number);
        }
        switch (fault.kind) {
            default:  // of connects, and of requests
                break;
            case Kind::cut:
            case Kind::reset:
                effects.end = fault.kind == Kind::cut ? Effects::End::cut : Effects::End::reset;
                ended_by = number;
                break;
            case Kind::stall:
                effects.is_stalled = true;
                break;
            case Kind::delay:
                effects.delay += fault.time;
                break;
            case Kind::throttle:
                effects.bytes_a_second = effects.bytes_a_second == 0
                                             ? fault.bytes
                                             : std::min(effects.bytes_a_second, fault.bytes);
                break;
            case Kind::split:
                effects.piece =
                    effects.piece == 0 ? fault.bytes : std::min(effects.piece, fault.bytes);
                break;
        }
        if (ended_by)
            break;
    }
    if (ended_by)
        heal_spent(*ended_by);
    return effects;
}

}  // namespace glovebox::fault
