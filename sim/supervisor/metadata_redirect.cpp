// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/metadata_redirect.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <cerrno>

namespace glovebox::supervisor {
namespace {

constexpr std::uint32_t metadata_address = 0xa9fea9fe;  // 169.254.169.254
constexpr std::uint16_t metadata_port = 80;

}  // namespace

bool MetadataRedirect::concerns(const SystemCall& call, Tracee& tracee) {
    if (call.number != SYS_connect || call.int_argument(2) < static_cast<int>(sizeof(sockaddr_in)))
        return false;
    const auto asked = tracee.read_value<sockaddr_in>(call.arguments[1]);
    return asked && asked->sin_family == AF_INET && ntohs(asked->sin_port) == metadata_port &&
           ntohl(asked->sin_addr.s_addr) == metadata_address;
}

std::optional<SyscallReply> MetadataRedirect::answer(const SystemCall& call, Tracee& tracee) const {
    if (!concerns(call, tracee))
        return std::nullopt;
    const auto socket = tracee.descriptor(call.int_argument(0));
    if (!socket)
        return SyscallReply::error(to_int(socket.error()));
    if (!tracee.is_waiting())
        return SyscallReply::error(EINTR);
    if (::connect(socket->get(), reinterpret_cast<const sockaddr*>(&service_), sizeof service_) ==
        0)
        return SyscallReply::value(0);
    return SyscallReply::error(errno);
}

}  // namespace glovebox::supervisor
