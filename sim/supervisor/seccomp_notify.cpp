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

namespace {

// SIGSTOP and SIGCONT, which nobody can block, end a wait for the kernel's lock with EINTR, before
// anything was done.
template <class Argument>
int ask(const UniqueFd& listener, unsigned long request, Argument* argument) {
    int result = 0;
    do
        result = ::ioctl(listener.get(), request, argument);
    while (result < 0 && errno == EINTR);
    return result;
}

// Whether a call that was received is ended by its answer or its thread's death alone. An unknown
// flag is EINVAL, a missing filter EFAULT.
bool calls_wait_for_their_answer() {
    constexpr unsigned long flags =
        abi::filter_flag_new_listener | abi::filter_flag_wait_killable_recv;
    static const bool they_wait =
        ::syscall(SYS_seccomp, abi::set_mode_filter, flags, nullptr) < 0 && errno == EFAULT;
    return they_wait;
}

}  // namespace

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
    const int number = ask(listener_, abi::ioctl_addfd, &add);
    if (number < 0)
        return Errno{errno};
    return number;
}

bool SeccompNotifier::is_valid(std::uint64_t id) {
    return ask(listener_, abi::ioctl_id_valid, &id) == 0;
}

int SeccompNotifier::send(std::uint64_t id, const SyscallReply& reply) {
    abi::Response response{};
    response.id = id;
    switch (reply.kind()) {
        case SyscallReply::Kind::install: {
            abi::AddFd add{};
            add.id = id;
            // Both in one step, if the supervisor is stopped and goes on in its midst, answers 0
            // and installs nothing (seccomp_notify_addfd() in Linux's kernel/seccomp.c). In two,
            // a signal that ends the call between them would leave a descriptor behind.
            add.flags = calls_wait_for_their_answer() ? 0 : abi::addfd_flag_send;
            add.source_fd = static_cast<std::uint32_t>(reply.fd());
            add.new_fd_flags = reply.close_on_exec() ? O_CLOEXEC : 0;
            const int number = ask(listener_, abi::ioctl_addfd, &add);
            if (number < 0)
                return errno;
            if (add.flags != 0)
                return 0;
            response.value = number;
            break;
        }
        case SyscallReply::Kind::pass_through:
            response.flags = abi::response_flag_continue;
            break;
        case SyscallReply::Kind::error:
            response.error = -reply.errno_value();
            break;
        default:
            response.value = reply.return_value();
    }
    return ask(listener_, abi::ioctl_send, &response) < 0 ? errno : 0;
}

}  // namespace glovebox::supervisor
