// SPDX-License-Identifier: Apache-2.0

// The running switch: one socket for each guest, to which its QEMU connects, and one loop over all
// of them.
#pragma once

#include <array>
#include <chrono>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/log.h"
#include "core/base/unique_fd.h"
#include "sim/vsock_switch/device.h"
#include "sim/vsock_switch/switchboard.h"

namespace glovebox::vsock_switch {

class Switch {
  public:
    struct Seat {
        Cid cid;
        std::string socket;  // the path where its QEMU connects
    };

    // Listens on every seat's socket. Throws ErrorException if it cannot. The destructor removes
    // the sockets' names.
    Switch(const std::vector<Seat>& seats, Switchboard switchboard, Log& log);
    ~Switch();
    Switch(const Switch&) = delete;
    Switch& operator=(const Switch&) = delete;

    // Serves until the descriptor `stop` is readable. An error only if poll(2) fails: a guest's
    // mistakes disconnect that guest.
    [[nodiscard]] Result<void> run(int stop);

  private:
    // A guest that takes nothing from a full outbox for this long blocks the senders of the others,
    // so its connections are reset. A live driver takes packets within milliseconds, or as soon as
    // a busy machine lets it run.
    static constexpr std::chrono::seconds patience{10};
    // Packets in each direction and round, so that a busy pair of guests does not starve the
    // others.
    static constexpr std::size_t budget = 64;

    struct Guest {
        Seat seat;
        UniqueFd listener;
        std::unique_ptr<Device> device;  // while a QEMU is connected; one at a time
        std::uint64_t delivered = 0;     // when it last was seen to take something
        std::chrono::steady_clock::time_point took_at{};
    };

    void serve(Guest& guest);
    // Once for each destination of a guest, since programs dial repeatedly until somebody listens.
    void log_refusal(const Switchboard::Refusal& refusal);
    [[nodiscard]] Result<std::size_t> exchange(Guest& guest);
    void cut_off(Guest& guest, const Error& why);
    void give_up_on_stuck(std::chrono::steady_clock::time_point now);
    [[nodiscard]] bool any_full() const;

    // Destinations that are logged, of all guests together.
    static constexpr std::size_t refusals_max = 1000;

    Log& log_;
    std::set<std::array<std::uint64_t, 3>> refused_;  // from, to and its port
    Switchboard switchboard_;  // before the guests: their devices tell it when they end
    std::vector<Guest> guests_;
};

}  // namespace glovebox::vsock_switch
