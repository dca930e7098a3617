// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/seccomp_notify.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "sim/supervisor/seccomp_abi.h"

namespace glovebox::supervisor {
namespace {

// Whether a received call ends by its answer or a kill alone (install_filter asks for that). A
// kernel that doesn't know a flag says so before it looks for the filter.
bool kernel_waits_killably() {
    constexpr unsigned long flags =
        abi::filter_flag_new_listener | abi::filter_flag_wait_killable_recv;
    return ::syscall(SYS_seccomp, abi::set_mode_filter, flags, nullptr) != 0 && errno == EFAULT;
}

}  // namespace

SeccompNotifier::SeccompNotifier(UniqueFd listener)
    : listener_(std::move(listener)), waits_killably_(kernel_waits_killably()) {}

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
    return call;
}

bool SeccompNotifier::is_valid(std::uint64_t id) {
    return ::ioctl(listener_.get(), abi::ioctl_id_valid, &id) == 0;
}

// A caller that is woken may run before the next line here: what it closes at once would live on by
// this process's copy, and its peer's write would succeed. So the copy is closed before the answer.
// Where a signal can end the call in between, it is one step all the same: the call leaves nothing
// behind.
int SeccompNotifier::install(std::uint64_t id, SyscallReply& reply) {
    const bool is_two_steps = reply.is_handed_over() && waits_killably_;
    abi::AddFd add{};
    add.id = id;
    add.flags = is_two_steps ? 0 : abi::addfd_flag_send;
    add.source_fd = static_cast<std::uint32_t>(reply.fd());
    add.new_fd_flags = reply.close_on_exec() ? O_CLOEXEC : 0;
    const int number = ::ioctl(listener_.get(), abi::ioctl_addfd, &add);
    if (number < 0)
        return errno;
    (void)reply.take_fd();
    // Without a taker the program has been killed, and the descriptor ends with it.
    if (is_two_steps)
        (void)send(id, SyscallReply::value(number));
    return 0;
}

int SeccompNotifier::send(std::uint64_t id, SyscallReply& reply) {
    if (reply.kind() == SyscallReply::Kind::install)
        return install(id, reply);
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
