// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/kernel_listeners.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/vm_sockets_diag.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "core/base/fd_passing.h"
#include "core/base/leave_child.h"

namespace glovebox::enclave {
namespace {

constexpr std::uint8_t state_listening = 10;  // TCP_LISTEN
constexpr std::size_t answer_bytes = 16384;   // of one read; the kernel sends 4 KiB or more

struct Request {
    nlmsghdr head{};
    vsock_diag_req body{};
};

UniqueFd open_namespace(pid_t process, const char* kind) {
    return UniqueFd(
        ::open(fmt::format("/proc/{}/ns/{}", process, kind).c_str(), O_RDONLY | O_CLOEXEC));
}

// In a child, because namespaces are joined for good: sends the socket, or exits with errno.
[[noreturn]] void make_socket(int user, int network, int channel) noexcept {
    // Joining one's own user namespace is EINVAL.
    if (::setns(user, CLONE_NEWUSER) != 0 && errno != EINVAL)
        leave_child(errno);
    if (::setns(network, CLONE_NEWNET) != 0)
        leave_child(errno);
    const int socket = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (socket < 0)
        leave_child(errno);
    const char byte = 0;
    const std::array<int, 1> sent{socket};
    leave_child(send_with_fds(channel, &byte, 1, sent) ? 0 : EPIPE);
}

Error failed(int reason) {
    return errno_error("the kernel's AF_VSOCK sockets cannot be listed", reason)
        .with_advice("Load the module vsock_diag");
}

}  // namespace

Result<KernelListeners> KernelListeners::of(pid_t process) {
    const UniqueFd user = open_namespace(process, "user");
    const UniqueFd network = open_namespace(process, "net");
    if (!user || !network)
        return failed(ESRCH);
    std::array<int, 2> ends{-1, -1};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
        return failed(errno);
    const UniqueFd ours(ends[0]);
    UniqueFd theirs(ends[1]);
    const pid_t child = ::fork();
    if (child < 0)
        return failed(errno);
    if (child == 0)
        make_socket(user.get(), network.get(), theirs.get());
    theirs.reset();
    char byte = 0;
    std::array<UniqueFd, 1> received;
    const int error = receive_with_fds(ours.get(), &byte, 1, received);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (error != 0 || !received[0])
        return failed(WIFEXITED(status) && WEXITSTATUS(status) != 0 ? WEXITSTATUS(status) : EPIPE);
    return KernelListeners(std::move(received[0]));
}

Result<bool> KernelListeners::has(core::Port port) const {
    Request request;
    request.head.nlmsg_len = sizeof request;
    request.head.nlmsg_type = SOCK_DIAG_BY_FAMILY;
    request.head.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    request.body.sdiag_family = AF_VSOCK;
    request.body.vdiag_states = 1u << state_listening;
    if (::send(socket_.get(), &request, sizeof request, 0) < 0)
        return failed(errno);
    bool found = false;
    for (;;) {
        alignas(nlmsghdr) std::array<char, answer_bytes> answer;
        const ssize_t got = ::recv(socket_.get(), answer.data(), answer.size(), 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return failed(got == 0 ? EPIPE : errno);
        auto left = static_cast<unsigned>(got);
        for (auto* head = reinterpret_cast<nlmsghdr*>(answer.data()); NLMSG_OK(head, left);
             head = NLMSG_NEXT(head, left)) {
            if (head->nlmsg_type == NLMSG_DONE)
                return found;
            if (head->nlmsg_type == NLMSG_ERROR) {
                nlmsgerr error{};
                std::memcpy(&error, NLMSG_DATA(head), sizeof error);
                return failed(-error.error);
            }
            vsock_diag_msg socket{};
            std::memcpy(&socket, NLMSG_DATA(head), sizeof socket);
            found |= socket.vdiag_type == SOCK_STREAM && socket.vdiag_state == state_listening &&
                     socket.vdiag_src_port == port;
        }
    }
}

}  // namespace glovebox::enclave
