// SPDX-License-Identifier: Apache-2.0

#include "core/dns/name_addresses.h"

#include <algorithm>
#include <utility>

namespace glovebox::core {
namespace {

namespace ip = boost::asio::ip;

// The network's own address, lo's, and the broadcast address are no name's.
constexpr std::uint32_t first_address = 0xc6120002;  // 198.18.0.2
constexpr std::uint32_t last_address = 0xc613fffe;   // 198.19.255.254

constexpr std::size_t prefix_bytes = 12;

const ip::address_v6::bytes_type& ipv6_prefix() {
    static const auto bytes = ip::make_address_v6("fd67:6c6f:7665::").to_bytes();
    return bytes;
}

// Of either form; empty for another address.
std::optional<std::uint32_t> ipv4_number(const IpAddress& address) {
    std::uint32_t number = 0;
    if (const IpAddress plain = unmapped(address); plain.is_v4()) {
        number = plain.to_v4().to_uint();
    } else {
        const auto bytes = plain.to_v6().to_bytes();
        const auto& prefix = ipv6_prefix();
        if (!std::equal(prefix.begin(), prefix.begin() + prefix_bytes, bytes.begin()))
            return std::nullopt;
        for (std::size_t i = prefix_bytes; i < bytes.size(); ++i)
            number = number << 8 | bytes[i];
    }
    if (!NameAddresses::network().contains(ip::address_v4(number)))
        return std::nullopt;
    return number;
}

}  // namespace

const IpNetwork& NameAddresses::network() {
    static const IpNetwork network = IpNetwork::parse("198.18.0.0/15").value();
    return network;
}

ip::address_v6 NameAddresses::as_ipv6(Address address) {
    auto bytes = ipv6_prefix();
    const auto low = address.to_bytes();
    std::copy(low.begin(), low.end(), bytes.begin() + prefix_bytes);
    return ip::address_v6(bytes);
}

bool NameAddresses::has(const IpAddress& address) {
    return ipv4_number(address).has_value();
}

NameAddresses::NameAddresses(std::size_t names_max)
    : names_max_(std::clamp<std::size_t>(names_max, 1, last_address - first_address)),
      next_(first_address) {}

std::optional<NameAddresses::Address> NameAddresses::address_of(const HostName& name) {
    State& state = *state_;
    const std::lock_guard guard(state.mutex);
    if (const auto known = state.by_name.find(name); known != state.by_name.end()) {
        const Entry& entry = state.by_address.at(known->second);
        if (entry.uses == 0)
            state.idle.splice(state.idle.begin(), state.idle, entry.idle);
        return Address(known->second);
    }
    if (state.by_address.size() >= names_max_) {
        if (state.idle.empty())
            return std::nullopt;
        const auto oldest = state.by_address.find(state.idle.back());
        state.idle.pop_back();
        state.by_name.erase(oldest->second.name);
        state.by_address.erase(oldest);
    }
    // Fewer names than addresses, so one is free.
    const auto step = [this] {
        return std::exchange(next_, next_ == last_address ? first_address : next_ + 1);
    };
    std::uint32_t address = step();
    while (state.by_address.contains(address))
        address = step();
    state.idle.push_front(address);
    state.by_address.emplace(address, Entry{name, 0, state.idle.begin()});
    state.by_name.emplace(name, address);
    return Address(address);
}

std::optional<NameAddresses::Use> NameAddresses::use(const IpAddress& address) {
    const auto number = ipv4_number(address);
    const std::lock_guard guard(state_->mutex);
    const auto found = number ? state_->by_address.find(*number) : state_->by_address.end();
    if (found == state_->by_address.end())
        return std::nullopt;
    if (found->second.uses++ == 0)
        state_->idle.erase(found->second.idle);
    return Use(state_, found->first, found->second);
}

std::size_t NameAddresses::size() const {
    const std::lock_guard guard(state_->mutex);
    return state_->by_address.size();
}

NameAddresses::Use::Use(std::shared_ptr<State> state, std::uint32_t address, Entry& entry)
    : state_(std::move(state)), address_(address), entry_(&entry) {}

NameAddresses::Use::~Use() {
    if (!state_)
        return;
    const std::lock_guard guard(state_->mutex);
    if (--entry_->uses > 0)
        return;
    state_->idle.push_front(address_);
    entry_->idle = state_->idle.begin();
}

}  // namespace glovebox::core
