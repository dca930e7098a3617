// SPDX-License-Identifier: Apache-2.0

#include "sim/nitro_cli/heartbeat_listener.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "core/base/signals_blocked.h"
#include "sim/enclave/boot_heartbeat.h"
#include "sim/nitro_cli/error.h"

namespace glovebox::nitro_cli {
namespace {

constexpr core::VsockAddress address{core::cid_parent, enclave::heartbeat_port};

// True when the descriptor is readable, false when `stop` is.
bool wait_readable(int fd, int stop) {
    std::array<pollfd, 2> ready{{{fd, POLLIN, 0}, {stop, POLLIN, 0}}};
    while (::poll(ready.data(), ready.size(), -1) < 0 && errno == EINTR) {
    }
    return ready[1].revents == 0;
}

Error busy(const Error& error) {
    return nitro_error(NitroError::enclave_boot,
                       error.message +
                           ": another enclave boots just now, or a program of yours "
                           "has the parent's vsock port 9000");
}

}  // namespace

Result<std::unique_ptr<HeartbeatListener>> HeartbeatListener::open(transports::World& world) {
    std::unique_ptr<HeartbeatListener> self(new HeartbeatListener(world));
    self->stop_ = UniqueFd(::eventfd(0, EFD_CLOEXEC));
    self->answered_ = UniqueFd(::eventfd(0, EFD_CLOEXEC));
    UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket || !self->stop_ || !self->answered_)
        return busy(errno_error("cannot listen for the heartbeat", errno));
    if (const auto bound = world.bind(socket.get(), address); !bound)
        return busy(bound.error());
    self->socket_ = std::move(socket);
    if (::listen(self->socket_.get(), 1) != 0)
        return busy(errno_error("cannot listen for the heartbeat", errno));
    const SignalsBlocked none_for_threads;
    self->thread_ = std::thread([listener = self.get()] { listener->run(); });
    return self;
}

HeartbeatListener::~HeartbeatListener() {
    if (thread_.joinable()) {
        ::eventfd_write(stop_.get(), 1);
        thread_.join();
    }
    if (socket_)
        world_.unbind(socket_.get(), address);
}

void HeartbeatListener::run() const {
    while (wait_readable(socket_.get(), stop_.get())) {
        const UniqueFd peer(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
        unsigned char byte = 0;
        if (!peer || !wait_readable(peer.get(), stop_.get()) ||
            ::recv(peer.get(), &byte, 1, 0) != 1 || byte != enclave::heartbeat_byte)
            continue;
        // Said before it is done: an init that has its answer may end at once.
        ::eventfd_write(answered_.get(), 1);
        (void)!::send(peer.get(), &byte, 1, MSG_NOSIGNAL);
    }
}

}  // namespace glovebox::nitro_cli
