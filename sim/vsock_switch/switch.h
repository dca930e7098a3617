// SPDX-License-Identifier: Apache-2.0

// The running switch: a socket a guest, on which its QEMU connects, and one loop over all of them.
#pragma once

#include <chrono>
#include <memory>
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

    // Listens on every seat's socket; throws ErrorException when it can't. The sockets' names are
    // removed again at the end.
    Switch(const std::vector<Seat>& seats, Switchboard switchboard, Log& log);
    ~Switch();
    Switch(const Switch&) = delete;
    Switch& operator=(const Switch&) = delete;

    // Serves until `stop` is readable.
    [[nodiscard]] Result<void> run(int stop);

  private:
    // A guest that takes nothing from a full outbox for so long holds up the others' senders, and
    // is given up. A driver that lives takes within milliseconds, or when a busy machine lets it.
    static constexpr std::chrono::seconds patience{10};
    // Packets a direction and round, so that a busy pair of guests doesn't starve the rest.
    static constexpr std::size_t budget = 64;

    struct Guest {
        Seat seat;
        UniqueFd listener;
        std::unique_ptr<Device> device;  // while a QEMU is connected; one at a time
        std::uint64_t delivered = 0;     // when it last was seen to take something
        std::chrono::steady_clock::time_point took_at{};
    };

    void serve(Guest& guest);
    [[nodiscard]] Result<std::size_t> exchange(Guest& guest);
    void cut_off(Guest& guest, const Error& why);
    void give_up_on_stuck(std::chrono::steady_clock::time_point now);
    [[nodiscard]] bool any_full() const;

    Log& log_;
    Switchboard switchboard_;  // before the guests: their devices tell it when they end
    std::vector<Guest> guests_;
};

}  // namespace glovebox::vsock_switch
