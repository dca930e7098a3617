// SPDX-License-Identifier: Apache-2.0

// How many connections one client may have: open at once, and new ones a second. A client is an
// IPv4 address or an IPv6 network of /64, which is the least that one site has.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "core/address/ip_address.h"

namespace glovebox::core {

struct ClientLimitOptions {
    std::size_t open_max = 0;      // 0: any number
    std::size_t a_second_max = 0;  // 0: any number; so many may come at one moment
};

// A copy counts the same connections. May be used from any thread.
class ClientLimits {
    struct State;

  public:
    using Clock = std::chrono::steady_clock;

    explicit ClientLimits(ClientLimitOptions options = {});

    // A connection, from the moment it is admitted to its end.
    class Ticket {
      public:
        Ticket(Ticket&& other) noexcept = default;
        Ticket& operator=(Ticket&&) = delete;
        ~Ticket();

      private:
        friend class ClientLimits;
        Ticket(std::shared_ptr<State> state, IpNetwork client);

        std::shared_ptr<State> state_;
        IpNetwork client_;
    };

    struct Verdict {
        std::optional<Ticket> ticket{};  // none: refused
        std::string reason{};            // of a refusal
        // Of a client's refusals one in ten seconds is logged, with the number of those before it.
        bool is_logged = false;
        std::size_t refused_before = 0;
    };
    [[nodiscard]] Verdict admit(const IpAddress& address,
                                Clock::time_point now = Clock::now()) const;

    // Whether anything is limited.
    [[nodiscard]] bool are_set() const;
    // How many clients are remembered: those with a connection, and those that had one lately.
    [[nodiscard]] std::size_t clients() const;

  private:
    std::shared_ptr<State> state_;
};

}  // namespace glovebox::core
