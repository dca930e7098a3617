// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/socket_mark.h"

#include <sys/socket.h>

#include <cerrno>

namespace glovebox::supervisor {
namespace {

// "glovebo" and a byte of flags. A rate of 7e18 bytes a second is nobody's.
constexpr std::uint64_t magic = 0x676c6f7665626f00;
constexpr std::uint64_t magic_bits = ~std::uint64_t{0xff};
constexpr std::uint64_t flag_local_any = 1;
constexpr std::uint64_t flag_dialled_local = 2;
constexpr std::uint64_t flag_disconnecting = 4;
constexpr std::uint64_t flag_connecting = 8;
constexpr std::uint64_t flag_error_pending = 16;
constexpr std::uint64_t flag_new = 32;

}  // namespace

std::uint64_t encode(SocketMark mark) {
    return magic | (mark.local_any ? flag_local_any : 0) |
           (mark.dialled_local ? flag_dialled_local : 0) |
           (mark.disconnecting ? flag_disconnecting : 0) | (mark.connecting ? flag_connecting : 0) |
           (mark.error_pending ? flag_error_pending : 0) | (mark.is_new ? flag_new : 0);
}

std::optional<SocketMark> decode_mark(std::uint64_t value) {
    if ((value & magic_bits) != magic)
        return std::nullopt;
    return SocketMark{.local_any = (value & flag_local_any) != 0,
                      .dialled_local = (value & flag_dialled_local) != 0,
                      .disconnecting = (value & flag_disconnecting) != 0,
                      .connecting = (value & flag_connecting) != 0,
                      .error_pending = (value & flag_error_pending) != 0,
                      .is_new = (value & flag_new) != 0};
}

int set_mark(int socket, SocketMark mark) {
    const std::uint64_t value = encode(mark);
    return ::setsockopt(socket, SOL_SOCKET, SO_MAX_PACING_RATE, &value, sizeof value) == 0 ? 0
                                                                                           : errno;
}

std::optional<SocketMark> read_mark(int socket) {
    std::uint64_t value = 0;
    socklen_t length = sizeof value;
    if (::getsockopt(socket, SOL_SOCKET, SO_MAX_PACING_RATE, &value, &length) != 0 ||
        length != sizeof value)
        return std::nullopt;
    return decode_mark(value);
}

}  // namespace glovebox::supervisor
