// SPDX-License-Identifier: Apache-2.0

#include "core/stream/peer_presence.h"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>

#include "core/base/unique_fd.h"

namespace glovebox::core {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::seconds probe_after = 30s;
constexpr std::chrono::seconds probe_interval = 10s;
constexpr int probes_max = 3;

void set(int socket, int level, int name, int value) {
    ::setsockopt(socket, level, name, &value, sizeof value);
}

struct Endpoint {
    std::array<std::uint32_t, 4> address{};
    std::uint16_t port = 0;  // in network order
};

using GetName = int (*)(int, sockaddr*, socklen_t*);

std::optional<Endpoint> endpoint_of(int socket, GetName get_name) {
    sockaddr_storage name{};
    socklen_t size = sizeof name;
    if (get_name(socket, reinterpret_cast<sockaddr*>(&name), &size) != 0)
        return std::nullopt;
    Endpoint endpoint;
    if (name.ss_family == AF_INET) {
        sockaddr_in v4{};
        std::memcpy(&v4, &name, sizeof v4);
        endpoint.address[0] = v4.sin_addr.s_addr;
        endpoint.port = v4.sin_port;
    } else {
        sockaddr_in6 v6{};
        std::memcpy(&v6, &name, sizeof v6);
        std::memcpy(endpoint.address.data(), &v6.sin6_addr, sizeof v6.sin6_addr);
        endpoint.port = v6.sin6_port;
    }
    return endpoint;
}

struct Question {
    nlmsghdr header;
    inet_diag_req_v2 body;
};

// The other end of a connection within this network namespace; nothing where it is elsewhere or the
// kernel does not say.
std::optional<inet_diag_msg> other_end(int socket) {
    int family = 0;
    socklen_t size = sizeof family;
    ::getsockopt(socket, SOL_SOCKET, SO_DOMAIN, &family, &size);
    const auto here = endpoint_of(socket, ::getsockname);
    const auto there = endpoint_of(socket, ::getpeername);
    const UniqueFd kernel(
        ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_SOCK_DIAG));
    if (!here || !there || !kernel)
        return std::nullopt;
    Question question{};
    question.header.nlmsg_len = sizeof question;
    question.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
    question.header.nlmsg_flags = NLM_F_REQUEST;
    question.body.sdiag_family = static_cast<std::uint8_t>(family);
    question.body.sdiag_protocol = IPPROTO_TCP;
    question.body.idiag_states = ~0U;
    question.body.id.idiag_sport = there->port;
    question.body.id.idiag_dport = here->port;
    std::memcpy(question.body.id.idiag_src, there->address.data(), sizeof there->address);
    std::memcpy(question.body.id.idiag_dst, here->address.data(), sizeof here->address);
    question.body.id.idiag_cookie[0] = INET_DIAG_NOCOOKIE;
    question.body.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
    // The kernel answers within the call that asks.
    if (::send(kernel.get(), &question, sizeof question, 0) != sizeof question)
        return std::nullopt;
    alignas(nlmsghdr) std::array<char, 8192> buffer;
    const ssize_t got = ::recv(kernel.get(), buffer.data(), buffer.size(), 0);
    nlmsghdr header{};
    inet_diag_msg answer{};
    if (got < static_cast<ssize_t>(NLMSG_LENGTH(sizeof answer)))
        return std::nullopt;
    std::memcpy(&header, buffer.data(), sizeof header);
    if (header.nlmsg_type != SOCK_DIAG_BY_FAMILY)
        return std::nullopt;
    std::memcpy(&answer, buffer.data() + NLMSG_HDRLEN, sizeof answer);
    return answer;
}

}  // namespace

bool is_tcp(Stream& stream) {
    int protocol = 0;
    socklen_t size = sizeof protocol;
    return ::getsockopt(stream.native_handle(), SOL_SOCKET, SO_PROTOCOL, &protocol, &size) == 0 &&
           protocol == IPPROTO_TCP;
}

void watch_by_keep_alive(int tcp_socket) {
    set(tcp_socket, SOL_SOCKET, SO_KEEPALIVE, 1);
    set(tcp_socket, IPPROTO_TCP, TCP_KEEPIDLE, static_cast<int>(probe_after.count()));
    set(tcp_socket, IPPROTO_TCP, TCP_KEEPINTVL, static_cast<int>(probe_interval.count()));
    set(tcp_socket, IPPROTO_TCP, TCP_KEEPCNT, probes_max);
}

bool has_ended(Stream& stream) {
    pollfd entry{.fd = stream.native_handle(), .events = POLLRDHUP, .revents = 0};
    return ::poll(&entry, 1, 0) > 0;
}

bool has_left(Stream& stream) {
    const int socket = stream.native_handle();
    if (!is_tcp(stream))
        return ::send(socket, "", 0, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 &&
               (errno == EPIPE || errno == ENOTCONN || errno == ECONNRESET);
    const auto other = other_end(socket);
    // A closed socket that no process has, and that is kept for what the kernel has yet to send,
    // has no inode. (Neither has one that was not accepted yet, but that is not closed.)
    return other && other->idiag_inode == 0 &&
           (other->idiag_state == TCP_FIN_WAIT1 || other->idiag_state == TCP_FIN_WAIT2 ||
            other->idiag_state == TCP_TIME_WAIT);
}

bool is_dead(Stream& stream, std::chrono::milliseconds silence) {
    const int socket = stream.native_handle();
    int waiting = 0;
    tcp_info info{};
    socklen_t size = sizeof info;
    return is_tcp(stream) && ::ioctl(socket, SIOCOUTQ, &waiting) == 0 && waiting > 0 &&
           ::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 &&
           std::chrono::milliseconds(info.tcpi_last_ack_recv) > silence;
}

}  // namespace glovebox::core
