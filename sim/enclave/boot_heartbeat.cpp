// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/boot_heartbeat.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace glovebox::enclave {
namespace {

Error failure(const char* words, int errno_value) {
    return errno_error(words, errno_value)
        .in("the enclave did not boot, since the parent's program on vsock port 9000 must answer "
            "its byte 0xB7 with the same one");
}

}  // namespace

Result<bool> send_boot_heartbeat(transports::World& world, core::Cid own, int interruption) {
    const UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!socket)
        return failure("socket", errno);
    const auto connected = world.connect(socket.get(), own, {core::cid_parent, heartbeat_port});
    if (!connected) {
        if (connected.error().code.value() == ECONNRESET)
            return false;
        return Error(connected.error()).in("connect");
    }
    if (::send(socket.get(), &heartbeat_byte, 1, MSG_NOSIGNAL) != 1)
        return failure("write heartbeat", errno);
    for (;;) {
        std::array<pollfd, 2> ready{{{socket.get(), POLLIN, 0}, {interruption, POLLIN, 0}}};
        if (::poll(ready.data(), ready.size(), -1) < 0 && errno != EINTR)
            return failure("poll", errno);
        if (ready[0].revents != 0)
            break;
        if (ready[1].revents != 0)
            return failure("interrupted", EINTR);
    }
    unsigned char answer = 0;
    const ssize_t bytes = ::recv(socket.get(), &answer, 1, 0);
    if (bytes != 1)
        return failure("read heartbeat", bytes < 0 ? errno : ECONNRESET);
    if (answer != heartbeat_byte)
        return failure("received wrong heartbeat", EPROTO);
    return true;
}

}  // namespace glovebox::enclave
