// SPDX-License-Identifier: Apache-2.0

#include "core/base/fd_passing.h"

#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace glovebox {
namespace {

union Control {
    cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int) * passed_fds_max)];
};

}  // namespace

bool send_with_fds(int channel, const void* data, std::size_t size,
                   std::span<const int> fds) noexcept {
    iovec part{const_cast<void*>(data), size};
    Control control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    const std::size_t count = std::min(fds.size(), passed_fds_max);
    if (count > 0) {
        message.msg_control = control.bytes;
        message.msg_controllen = CMSG_SPACE(sizeof(int) * count);
        cmsghdr* const header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int) * count);
        std::memcpy(CMSG_DATA(header), fds.data(), sizeof(int) * count);
    }
    ssize_t sent = -1;
    do {
        sent = ::sendmsg(channel, &message, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    return sent == static_cast<ssize_t>(size);
}

int receive_with_fds(int channel, void* data, std::size_t size, std::span<UniqueFd> fds) noexcept {
    iovec part{data, size};
    Control control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.bytes;
    message.msg_controllen = sizeof control.bytes;
    ssize_t got = -1;
    do {
        got = ::recvmsg(channel, &message, MSG_CMSG_CLOEXEC);
    } while (got < 0 && errno == EINTR);
    if (got < 0)
        return errno;
    std::size_t index = 0;
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
         header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
            continue;
        const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof fd);
            if (index < fds.size())
                fds[index++].reset(fd);
            else
                ::close(fd);
        }
    }
    if ((message.msg_flags & MSG_CTRUNC) != 0) {
        for (UniqueFd& fd : fds)
            fd.reset();
        return EMFILE;
    }
    return got == static_cast<ssize_t>(size) ? 0 : EPIPE;
}

}  // namespace glovebox
