// SPDX-License-Identifier: Apache-2.0

#include "core/ingress/client_limits.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <utility>

#include "core/base/counted.h"

namespace glovebox::core {
namespace {

constexpr unsigned site_prefix = 64;
constexpr std::size_t clients_few = 1024;
constexpr std::chrono::seconds log_interval{10};

// Its network of /64, or the address itself.
IpNetwork client_at(const IpAddress& address) {
    const IpAddress plain = unmapped(address);
    if (plain.is_v4())
        return IpNetwork::of(plain);
    auto bytes = plain.to_v6().to_bytes();
    std::fill(bytes.begin() + site_prefix / 8, bytes.end(), static_cast<unsigned char>(0));
    return {boost::asio::ip::address_v6(bytes), site_prefix};
}

}  // namespace

struct ClientLimits::State {
    explicit State(ClientLimitOptions limits) : options(limits) {}

    struct Client {
        std::size_t open = 0;
        double tokens = 0;
        Clock::time_point counted{};
        std::optional<Clock::time_point> logged{};
        std::size_t refused = 0;  // since it was logged
    };

    // Why the client may not have another connection; empty if it may.
    [[nodiscard]] std::string reason_against(const IpNetwork& network, const Client& client) const {
        if (options.open_max > 0 && client.open >= options.open_max)
            return fmt::format("{} has {} open, the most that --max-client-connections allows",
                               to_string(network), counted(client.open, "connection"));
        if (options.a_second_max > 0 && client.tokens < 1)
            return fmt::format(
                "{} opens more than {} a second, the most that --max-client-rate allows",
                to_string(network), counted(options.a_second_max, "connection"));
        return {};
    }

    // After a second without a new connection a client may open as many as one that is new.
    void forget_idle(Clock::time_point now) {
        std::erase_if(clients, [&](const auto& entry) {
            const Client& client = entry.second;
            return client.open == 0 && now - client.counted >= std::chrono::seconds(1) &&
                   (!client.logged || now - *client.logged >= log_interval);
        });
        forget_at = std::max(clients_few, clients.size() * 2);
    }

    const ClientLimitOptions options;
    std::mutex mutex;
    std::map<IpAddress, Client> clients;  // by their network's address
    std::size_t forget_at = clients_few;  // so many are looked through for those that are idle
};

ClientLimits::ClientLimits(ClientLimitOptions options) : state_(std::make_shared<State>(options)) {}

ClientLimits::Ticket::Ticket(std::shared_ptr<State> state, IpNetwork client)
    : state_(std::move(state)), client_(std::move(client)) {}

ClientLimits::Ticket::~Ticket() {
    if (!state_)
        return;
    const std::lock_guard lock(state_->mutex);
    --state_->clients.at(client_.address).open;
}

ClientLimits::Verdict ClientLimits::admit(const IpAddress& address, Clock::time_point now) const {
    const IpNetwork network = client_at(address);
    const std::lock_guard lock(state_->mutex);
    if (state_->clients.size() >= state_->forget_at)
        state_->forget_idle(now);
    const auto [place, is_new] = state_->clients.try_emplace(network.address);
    State::Client& client = place->second;
    const auto most = static_cast<double>(state_->options.a_second_max);
    const std::chrono::duration<double> passed = now - client.counted;
    client.tokens = is_new ? most : std::min(most, client.tokens + most * passed.count());
    client.counted = now;
    Verdict verdict;
    verdict.reason = state_->reason_against(network, client);
    if (verdict.reason.empty()) {
        client.tokens -= 1;
        ++client.open;
        verdict.ticket.emplace(Ticket(state_, network));
        return verdict;
    }
    verdict.is_logged = !client.logged || now - *client.logged >= log_interval;
    if (verdict.is_logged) {
        client.logged = now;
        verdict.refused_before = std::exchange(client.refused, 0);
    } else {
        ++client.refused;
    }
    return verdict;
}

bool ClientLimits::are_set() const {
    return state_->options.open_max > 0 || state_->options.a_second_max > 0;
}

std::size_t ClientLimits::clients() const {
    const std::lock_guard lock(state_->mutex);
    return state_->clients.size();
}

}  // namespace glovebox::core
