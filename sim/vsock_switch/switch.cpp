// SPDX-License-Identifier: Apache-2.0

#include "sim/vsock_switch/switch.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace glovebox::vsock_switch {

namespace {

using SteadyClock = std::chrono::steady_clock;

UniqueFd listen_at(const std::string& path) {
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    if (path.size() >= sizeof name.sun_path)
        throw ErrorException(
            errno_error(fmt::format("cannot listen on {}: a path of at most {} bytes was expected",
                                    path, sizeof name.sun_path - 1),
                        ENAMETOOLONG));
    std::memcpy(name.sun_path, path.c_str(), path.size() + 1);
    UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket || ::bind(socket.get(), reinterpret_cast<sockaddr*>(&name), sizeof name) != 0 ||
        ::listen(socket.get(), 1) != 0)
        throw ErrorException(errno_error("cannot listen on " + path, errno));
    return socket;
}

}  // namespace

Switch::Switch(const std::vector<Seat>& seats, Switchboard switchboard, Log& log)
    : log_(log), switchboard_(std::move(switchboard)) {
    for (const Seat& seat : seats)
        guests_.push_back({seat, listen_at(seat.socket), nullptr});
    switchboard_.observe_refusals(
        [this](const Switchboard::Refusal& refusal) { log_refusal(refusal); });
}

Switch::~Switch() {
    for (const Guest& guest : guests_)
        ::unlink(guest.seat.socket.c_str());
}

// There are few descriptors, three for each guest, and they change with every message. So poll(2)
// gets a new list each time.
Result<void> Switch::run(int stop) {
    std::size_t moved = 0;
    for (;;) {
        std::vector<int> descriptors{stop};
        for (const Guest& guest : guests_) {
            if (guest.device)
                guest.device->append_descriptors(descriptors);
            else
                descriptors.push_back(guest.listener.get());
        }
        std::vector<pollfd> polled;
        for (const int descriptor : descriptors)
            polled.push_back({descriptor, POLLIN, 0});
        // No wait while packets move. While a guest is stuck, wake up often enough to notice that
        // its time is over.
        constexpr int stuck_milliseconds = 500;
        const int timeout = moved > 0 ? 0 : any_full() ? stuck_milliseconds : -1;
        if (::poll(polled.data(), polled.size(), timeout) < 0 && errno != EINTR)
            return errno_error("cannot wait for guests", errno);
        if (polled[0].revents != 0)
            return {};

        moved = 0;
        for (Guest& guest : guests_)
            serve(guest);
        for (Guest& guest : guests_) {
            auto count = exchange(guest);
            if (count)
                moved += *count;
            else
                cut_off(guest, count.error());
        }
        give_up_on_stuck(SteadyClock::now());
    }
}

// Handles the events of its socket: a new QEMU, its messages, or its end.
void Switch::serve(Guest& guest) {
    if (!guest.device) {
        UniqueFd socket(
            ::accept4(guest.listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (!socket)
            return;
        guest.device = std::make_unique<Device>(guest.seat.cid, std::move(socket), switchboard_);
        guest.delivered = 0;
        log_.info("joined", "guest {}: its machine is there", field("cid", guest.seat.cid));
    }
    auto there = guest.device->read_messages();
    if (!there) {
        cut_off(guest, there.error());
    } else if (!*there) {
        log_.info("left", "guest {}: its machine has gone", field("cid", guest.seat.cid));
        guest.device.reset();
    } else {
        guest.device->read_kicks();
    }
}

void Switch::log_refusal(const Switchboard::Refusal& refusal) {
    if (refused_.size() >= refusals_max ||
        !refused_.insert({refusal.from, refusal.to, refusal.to_port}).second)
        return;
    const bool may_reach = refusal.from == parent_cid || refusal.to == parent_cid;
    log_.info("refused", "{}: connection to {} refused: {}",
              field("peer", fmt::format("{}:{}", refusal.from, refusal.from_port)),
              field("target", fmt::format("{}:{}", refusal.to, refusal.to_port)),
              may_reach ? "nobody listens there"
                        : "an enclave reaches only its parent, CID 3, as on Nitro");
}

Result<std::size_t> Switch::exchange(Guest& guest) {
    if (!guest.device)
        return 0;
    return guest.device->exchange(budget);
}

void Switch::cut_off(Guest& guest, const Error& why) {
    log_.warning("cut_off", "guest {}: cut off: {}", field("cid", guest.seat.cid),
                 field("error", why.message));
    guest.device.reset();
}

void Switch::give_up_on_stuck(SteadyClock::time_point now) {
    for (Guest& guest : guests_) {
        const bool moves = !guest.device || guest.device->delivered() != guest.delivered;
        if (moves || !switchboard_.is_full(guest.seat.cid)) {
            guest.delivered = guest.device ? guest.device->delivered() : 0;
            guest.took_at = now;
        } else if (now - guest.took_at > patience) {
            log_.warning("stuck", "guest {}: takes nothing: its connections are reset",
                         field("cid", guest.seat.cid));
            switchboard_.give_up(guest.seat.cid);
        }
    }
}

bool Switch::any_full() const {
    for (const Guest& guest : guests_)
        if (switchboard_.is_full(guest.seat.cid))
            return true;
    return false;
}

}  // namespace glovebox::vsock_switch
