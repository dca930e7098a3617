// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/seccomp_notify.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "sim/supervisor/seccomp_abi.h"
#include "sim/supervisor/tracer.h"

namespace glovebox::supervisor {

bool SeccompNotifier::wake_up_synchronously() {
    return ::ioctl(listener_.get(), abi::ioctl_set_flags, abi::fd_sync_wake_up) == 0;
}

bool SeccompNotifier::all_exited() const {
    pollfd poll_fd{listener_.get(), 0, 0};
    return ::poll(&poll_fd, 1, 0) == 1 && (poll_fd.revents & POLLHUP) != 0;
}

OrErrno<SystemCall> SeccompNotifier::receive() {
    abi::Notification notification{};  // the kernel insists on zeros
    if (::ioctl(listener_.get(), abi::ioctl_recv, &notification) != 0)
        return Errno{errno};
    SystemCall call;
    call.id = notification.id;
    call.thread = static_cast<pid_t>(notification.pid);
    call.number = notification.data.number;
    call.architecture = notification.data.architecture;
    std::copy(std::begin(notification.data.arguments), std::end(notification.data.arguments),
              call.arguments.begin());
    if (call.number == SYS_socket && call.arguments[relabel_argument] == relabel_mark)
        call.arguments[0] = AF_VSOCK;
    return call;
}

OrErrno<int> SeccompNotifier::lend(std::uint64_t id, int fd) {
    abi::AddFd add{};
    add.id = id;
    add.source_fd = static_cast<std::uint32_t>(fd);
    add.new_fd_flags = O_CLOEXEC;
    const int number = ::ioctl(listener_.get(), abi::ioctl_addfd, &add);
    if (number < 0)
        return Errno{errno};
    return number;
}

bool SeccompNotifier::is_valid(std::uint64_t id) {
    return ::ioctl(listener_.get(), abi::ioctl_id_valid, &id) == 0;
}

int SeccompNotifier::send(std::uint64_t id, const SyscallReply& reply) {
    if (reply.kind() == SyscallReply::Kind::install) {
        abi::AddFd add{};
        add.id = id;
        add.flags = abi::addfd_flag_send;
        add.source_fd = static_cast<std::uint32_t>(reply.fd());
        add.new_fd_flags = reply.close_on_exec() ? O_CLOEXEC : 0;
        return ::ioctl(listener_.get(), abi::ioctl_addfd, &add) < 0 ? errno : 0;
    }
    abi::Response response{};
    response.id = id;
    switch (reply.kind()) {
        case SyscallReply::Kind::pass_through:
            response.flags = abi::response_flag_continue;
            break;
        case SyscallReply::Kind::error:
            response.error = -reply.errno_value();
            break;
        default:
            response.value = reply.return_value();
    }
    return ::ioctl(listener_.get(), abi::ioctl_send, &response) < 0 ? errno : 0;
}

}  // namespace glovebox::supervisor
