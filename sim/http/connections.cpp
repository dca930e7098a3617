// SPDX-License-Identifier: Apache-2.0

#include "sim/http/connections.h"

#include <fmt/core.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>

namespace glovebox::http {

namespace ip = boost::asio::ip;

std::size_t connections_within(std::size_t descriptors) {
    // For standard streams, epoll, listeners, logs, the database with its journal, and for
    // connections that are ending while their replacements have begun.
    constexpr std::size_t reserve = 128;
    return std::max<std::size_t>(descriptors - std::min(reserve, descriptors / 2), 1);
}

std::string peer_of(std::string_view text) {
    boost::system::error_code error;
    ip::address address = ip::make_address(std::string(text), error);
    if (error)
        return std::string(text);
    if (address.is_v6() && address.to_v6().is_v4_mapped())
        address = ip::make_address_v4(ip::v4_mapped, address.to_v6());
    if (address.is_loopback())
        return "loopback";
    if (address.is_v4())
        return address.to_string();
    ip::address_v6::bytes_type bytes = address.to_v6().to_bytes();
    std::fill(bytes.begin() + 8, bytes.end(), std::uint8_t{0});
    return ip::address_v6(bytes).to_string() + "/64";
}

Connections::Connections(ConnectionLimits limits, Log& log)
    : limits_(limits), full_(log), memory_(log) {}

Connections::~Connections() {
    full_.finish();
    memory_.finish();
}

Connections::Place Connections::add(std::string_view ip, std::function<void()> end) {
    const std::lock_guard lock(mutex_);
    if (size_ >= limits_.connections) {
        full_.count(
            fmt::format("all {} connections are taken: for each new one the one that waits "
                        "longest is closed. --max-connections and ulimit -n allow more",
                        limits_.connections));
        end_longest_waiting();
    }
    ++size_;
    Entry entry{peer_of(ip), std::move(end)};
    Entries& entries = peers_[entry.peer];
    return {*this, entries.insert(entries.end(), std::move(entry))};
}

void Connections::make_room() {
    const std::lock_guard lock(mutex_);
    end_longest_waiting();
}

std::size_t Connections::size() const {
    const std::lock_guard lock(mutex_);
    return size_;
}

void Connections::end(Entries::iterator entry) {
    const auto peer = peers_.find(entry->peer);
    ending_.splice(ending_.end(), peer->second, entry);
    if (peer->second.empty())
        peers_.erase(peer);
    --size_;
    body_bytes_ -= std::exchange(entry->body_bytes, 0);
    entry->is_ending = true;
    entry->end();
}

void Connections::end_longest_waiting() {
    const auto most = std::max_element(
        peers_.begin(), peers_.end(),
        [](const auto& a, const auto& b) { return a.second.size() < b.second.size(); });
    if (most != peers_.end())
        end(most->second.begin());
}

void Connections::end_body_before(const Entry& newest) {
    Entries* most = nullptr;
    std::size_t most_bytes = 0;
    for (auto& [peer, entries] : peers_) {
        std::size_t bytes = 0;
        for (const Entry& entry : entries)
            bytes += &entry == &newest ? 0 : entry.body_bytes;
        if (bytes > most_bytes) {
            most = &entries;
            most_bytes = bytes;
        }
    }
    if (most != nullptr)
        end(std::find_if(most->begin(), most->end(), [&](const Entry& entry) {
            return &entry != &newest && entry.body_bytes > 0;
        }));
}

Connections::Place::~Place() {
    if (all_ == nullptr)
        return;
    const std::lock_guard lock(all_->mutex_);
    if (entry_->is_ending) {
        all_->ending_.erase(entry_);
        return;
    }
    --all_->size_;
    all_->body_bytes_ -= entry_->body_bytes;
    const auto peer = all_->peers_.find(entry_->peer);
    peer->second.erase(entry_);
    if (peer->second.empty())
        all_->peers_.erase(peer);
}

void Connections::Place::hold_body(std::size_t bytes) {
    const std::lock_guard lock(all_->mutex_);
    if (entry_->is_ending)
        return;
    all_->body_bytes_ += bytes - entry_->body_bytes;
    entry_->body_bytes = bytes;
    while (all_->body_bytes_ > all_->limits_.body_bytes && all_->body_bytes_ > bytes) {
        all_->memory_.count(
            fmt::format("the bodies of requests that are being sent need more than {} MiB: for "
                        "each new one the "
                        "connection that waits longest with one is closed",
                        all_->limits_.body_bytes >> 20));
        all_->end_body_before(*entry_);
    }
}

void Connections::Place::restart() {
    const std::lock_guard lock(all_->mutex_);
    if (entry_->is_ending)
        return;
    all_->body_bytes_ -= std::exchange(entry_->body_bytes, 0);
    Entries& entries = all_->peers_.find(entry_->peer)->second;
    entries.splice(entries.end(), entries, entry_);
}

}  // namespace glovebox::http
