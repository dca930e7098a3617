// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/vsock_calls.h"

#include <linux/capability.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <linux/vm_sockets.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "sim/supervisor/emulated_socket.h"
#include "sim/supervisor/interposition.h"
#include "sim/supervisor/sockaddr_vm.h"
#include "sim/supervisor/thread_status.h"
#include "transports/reach.h"
#include "transports/unix_address.h"

namespace glovebox::supervisor {
namespace {

constexpr int socket_type_mask = 0xf;  // SOCK_TYPE_MASK
constexpr int socket_type_end = 11;    // SOCK_MAX

// linux/vm_sockets.h since 5.16; OLD and NEW have the same layout on a 64-bit machine.
constexpr int connect_timeout_old = 6;  // SO_VM_SOCKETS_CONNECT_TIMEOUT_OLD
constexpr int connect_timeout_new = 8;  // SO_VM_SOCKETS_CONNECT_TIMEOUT_NEW

struct KernelTimeval {
    std::int64_t seconds;
    std::int64_t microseconds;
};

template <class T>
std::span<const std::uint8_t> bytes_of(const T& value) {
    return {reinterpret_cast<const std::uint8_t*>(&value), sizeof value};
}

// Writes an option's value and its length, and answers the getsockopt.
SyscallReply give_option(const SystemCall& call, Tracee& tracee,
                         std::span<const std::uint8_t> value, std::size_t room) {
    const std::size_t bytes = std::min(value.size(), room);
    if (const int error = tracee.write(call.arguments[3], value.first(bytes)))
        return SyscallReply::error(error);
    if (const int error = tracee.write_value(call.arguments[4], static_cast<std::int32_t>(bytes)))
        return SyscallReply::error(error);
    return SyscallReply::value(0);
}

// SO_ERROR: it reports a refusal once. Errors of a connection are the kernel's to tell.
SyscallReply give_error(const SystemCall& call, Tracee& tracee, EmulatedSocket& socket,
                        std::size_t room) {
    if (!socket.mark.error_pending)
        return SyscallReply::pass_through();
    if (!tracee.is_waiting())
        return SyscallReply::error(EINTR);
    socket.mark.error_pending = false;
    if (const int error = set_mark(socket.fd.get(), socket.mark))
        return SyscallReply::error(error);
    constexpr int refusal = ECONNRESET;
    return give_option(call, tracee, bytes_of(refusal), room);
}

bool may_bind_low_ports(pid_t thread) {
    const auto status = read_thread_status(thread);
    return status && status->has_capability(CAP_NET_BIND_SERVICE);
}

// What World refused, as AF_VSOCK's errno.
int errno_of(const Error& error) {
    return error.code.value();
}

}  // namespace

VsockCalls::VsockCalls(core::Cid own, transports::World& world, BoundNames& names,
                       VsockOptionTable& options, TrafficObserver* traffic, RefusalObserver refused)
    : own_(own),
      privileged_(may_bind_low_ports(::getpid())),
      world_(world),
      bound_names_(names),
      options_(options),
      traffic_(traffic),
      refused_(std::move(refused)) {}

bool VsockCalls::handles(int number) {
    switch (number) {
        case SYS_socket:
        case SYS_bind:
        case SYS_connect:
        case SYS_listen:
        case SYS_shutdown:
        case SYS_getsockname:
        case SYS_getpeername:
        case SYS_getsockopt:
        case SYS_setsockopt:
            return true;
        default:
            return false;
    }
}

SyscallReply VsockCalls::answer(const SystemCall& call, Tracee& tracee) {
    switch (call.number) {
        case SYS_socket:
            return socket(call, tracee);
        case SYS_bind:
            return bind(call, tracee);
        case SYS_connect:
            return connect(call, tracee);
        case SYS_listen:
            return listen(call, tracee);
        case SYS_shutdown:
            return shutdown(call, tracee);
        case SYS_getsockname:
        case SYS_getpeername:
            return name(call, tracee);
        case SYS_getsockopt:
            return getsockopt(call, tracee);
        case SYS_setsockopt:
            return setsockopt(call, tracee);
        default:
            return SyscallReply::pass_through();
    }
}

// socket(AF_VSOCK, type, protocol)
SyscallReply VsockCalls::socket(const SystemCall& call, Tracee& tracee) {
    if (call.int_argument(0) != AF_VSOCK)
        return SyscallReply::pass_through();  // notified for KernelFeatures
    const int flags = call.int_argument(1) & ~socket_type_mask;
    const int type = call.int_argument(1) & socket_type_mask;
    const int protocol = call.int_argument(2);
    if ((flags & ~(SOCK_CLOEXEC | SOCK_NONBLOCK)) != 0 || type >= socket_type_end)
        return SyscallReply::error(EINVAL);
    if (protocol != 0 && protocol != PF_VSOCK)
        return SyscallReply::error(EPROTONOSUPPORT);
    if (type == SOCK_DGRAM)
        return SyscallReply::error(ENODEV);  // neither a world nor Nitro has datagrams
    if (type != SOCK_STREAM && type != SOCK_SEQPACKET)
        return SyscallReply::error(ESOCKTNOSUPPORT);
    auto made = tracee.make_socket(type | (flags & SOCK_NONBLOCK));
    if (!made)
        return SyscallReply::error(to_int(made.error()));
    if (const int error = make_emulated(made->get(), type, {.is_new = true}))
        return SyscallReply::error(error);
    return SyscallReply::install(std::move(*made), (flags & SOCK_CLOEXEC) != 0);
}

// bind(fd, address, length)
SyscallReply VsockCalls::bind(const SystemCall& call, Tracee& tracee) {
    const auto given = read_address(tracee, call.arguments[1], call.int_argument(2));
    // An AF_UNIX socket refuses every other family itself, with the EINVAL of vsock.
    if (!given || (given->family != AF_VSOCK && given->family != AF_UNIX))
        return SyscallReply::pass_through();
    auto socket = EmulatedSocket::of(tracee, call.int_argument(0));
    if (!socket)
        return SyscallReply::pass_through();
    if (!given->is_valid || (!socket->mark.is_new && socket->local() != core::VsockAddress{}))
        return SyscallReply::error(EINVAL);
    const core::VsockAddress address = given->address;
    // In an enclave programs are root: an ordinary user's are taken for it, but not one of root's
    // that has given its privileges away.
    const bool judge_port = own_ == core::cid_parent || privileged_;
    if (address.port < transports::first_unprivileged_port && judge_port &&
        !may_bind_low_ports(call.thread))
        return SyscallReply::error(EACCES);
    if (!tracee.is_waiting())
        return SyscallReply::error(EINTR);
    const auto bound = world_.bind(socket->fd.get(), own_, address);
    if (!bound)
        return SyscallReply::error(errno_of(bound.error()));
    bound_names_.add(*bound);
    socket->mark.is_new = false;
    socket->mark.local_any = address.cid == core::cid_any;
    if (const int error = set_mark(socket->fd.get(), socket->mark))
        return SyscallReply::error(error);
    return SyscallReply::value(0);
}

// connect(fd, address, length): tried at once, blocking or not. A non-blocking one says EINPROGRESS
// to both outcomes, as AF_VSOCK does, whose peer answers by a packet: programs that were written
// for it look at nothing but SO_ERROR then.
SyscallReply VsockCalls::connect(const SystemCall& call, Tracee& tracee) {
    const auto given = read_address(tracee, call.arguments[1], call.int_argument(2));
    if (!given ||
        (given->family != AF_VSOCK && given->family != AF_UNIX && given->family != AF_UNSPEC))
        return SyscallReply::pass_through();
    auto socket = EmulatedSocket::of(tracee, call.int_argument(0));
    if (!socket)
        return SyscallReply::pass_through();
    const bool is_new = socket->mark.is_new;
    if (!is_new && socket->peer() && !socket->mark.disconnecting)
        return SyscallReply::error(EISCONN);
    if (socket->mark.disconnecting)
        return SyscallReply::error(EINVAL);
    if (socket->mark.connecting)
        return connect_again(*socket);
    if (!given->is_valid || (!is_new && socket->is_listening()))
        return SyscallReply::error(EINVAL);
    if (!tracee.is_waiting())
        return SyscallReply::error(EINTR);
    const bool was_bound = !is_new && socket->local() != core::VsockAddress{};
    const auto observed = traffic_ == nullptr ? std::nullopt
                                              : interpose_connect(*traffic_, world_, own_,
                                                                  socket->fd.get(), given->address);
    const auto local = observed ? Result<core::VsockAddress>(*observed)
                                : world_.connect(socket->fd.get(), own_, given->address,
                                                 is_new && traffic_ == nullptr);
    // Also a failed attempt binds the socket, to any CID.
    SocketMark mark = socket->mark;
    mark.is_new = false;
    mark.local_any = mark.local_any || !was_bound;
    mark.dialled_local = given->address.cid == core::cid_local;
    const bool is_refused = !local && errno_of(local.error()) == ECONNRESET;
    const bool is_nonblocking = socket->is_nonblocking();
    mark.connecting = mark.error_pending = is_refused && is_nonblocking;
    if (mark != socket->mark && set_mark(socket->fd.get(), mark) != 0)
        return SyscallReply::error(ENOMEM);
    if (is_refused && refused_)
        refused_(given->address);
    if (!local && !is_refused)
        return SyscallReply::error(errno_of(local.error()));
    if (is_nonblocking)
        return SyscallReply::in_progress(std::move(socket->fd));
    if (is_refused)
        return SyscallReply::error(ECONNRESET);
    wake_writers(socket->fd.get());
    return SyscallReply::value(0);
}

// After a non-blocking connect that was refused. AF_VSOCK would let a blocking one wait for an
// answer that never comes once SO_ERROR has told of the refusal, and then say ETIMEDOUT.
SyscallReply VsockCalls::connect_again(EmulatedSocket& socket) {
    if (socket.is_nonblocking())
        return SyscallReply::error(EALREADY);
    const int outcome = socket.mark.error_pending ? ECONNRESET : ETIMEDOUT;
    socket.mark.connecting = socket.mark.error_pending = false;
    if (const int error = set_mark(socket.fd.get(), socket.mark))
        return SyscallReply::error(error);
    return SyscallReply::error(outcome);
}

// listen(fd, backlog): carried out here, so that the world says so once it has succeeded. A socket
// that isn't bound is refused by the kernel itself, with the EINVAL of vsock. One that a refused
// connect has bound has an abstract name, under which no peer of the world would find it and every
// user of the machine would.
SyscallReply VsockCalls::listen(const SystemCall& call, Tracee& tracee) {
    const auto socket = EmulatedSocket::of(tracee, call.int_argument(0));
    if (!socket || socket->local() == core::VsockAddress{})
        return SyscallReply::pass_through();
    if (transports::UnixAddress::of_socket(socket->fd.get())->is_abstract() ||
        socket->mark.connecting)
        return SyscallReply::error(EINVAL);
    if (!tracee.is_waiting())
        return SyscallReply::error(EINTR);
    if (::listen(socket->fd.get(), call.int_argument(1)) != 0)
        return SyscallReply::error(errno);
    world_.mark_listening(socket->fd.get());
    return SyscallReply::value(0);
}

// shutdown(fd, how): on what isn't connected it fails, also on a listener, where an AF_UNIX socket
// would wake up a waiting accept.
SyscallReply VsockCalls::shutdown(const SystemCall& call, Tracee& tracee) {
    auto socket = EmulatedSocket::of(tracee, call.int_argument(0));
    const int how = call.int_argument(1);
    if (!socket || how < SHUT_RD || how > SHUT_RDWR)
        return SyscallReply::pass_through();
    if (!socket->peer() && !socket->mark.connecting)
        return SyscallReply::error(ENOTCONN);
    socket->mark.disconnecting = true;
    if (const int error = set_mark(socket->fd.get(), socket->mark))
        return SyscallReply::error(error);
    return SyscallReply::pass_through();
}

// getsockname(fd, address, length), getpeername(fd, address, length)
SyscallReply VsockCalls::name(const SystemCall& call, Tracee& tracee) {
    const auto socket = EmulatedSocket::of(tracee, call.int_argument(0));
    if (!socket)
        return SyscallReply::pass_through();
    core::VsockAddress address;
    if (call.number == SYS_getsockname) {
        address = socket->local();
    } else {
        const auto peer = socket->peer();
        if (!peer || socket->mark.disconnecting)
            return SyscallReply::error(ENOTCONN);
        address = *peer;
    }
    const auto room = read_room(tracee, call.arguments[1], call.arguments[2]);
    const int error = room ? write_address(tracee, *room, address) : to_int(room.error());
    return error == 0 ? SyscallReply::value(0) : SyscallReply::error(error);
}

// getsockopt(fd, level, option, value, length)
SyscallReply VsockCalls::getsockopt(const SystemCall& call, Tracee& tracee) {
    auto socket = EmulatedSocket::of(tracee, call.int_argument(0));
    if (!socket)
        return SyscallReply::pass_through();
    const auto length = tracee.read_value<std::int32_t>(call.arguments[4]);
    if (!length)
        return SyscallReply::error(to_int(length.error()));
    if (*length < 0)
        return SyscallReply::error(EINVAL);
    const auto room = static_cast<std::size_t>(*length);
    const int level = call.int_argument(1);
    if (level == SOL_SOCKET) {
        // The kernel keeps no credentials for a vsock's peer, which may be another machine.
        constexpr ucred nobody{0, static_cast<uid_t>(-1), static_cast<gid_t>(-1)};
        constexpr int domain = AF_VSOCK;
        switch (call.int_argument(2)) {
            case SO_ERROR:
                return give_error(call, tracee, *socket, room);
            case SO_DOMAIN:
                return give_option(call, tracee, bytes_of(domain), room);
            case SO_PEERCRED:
                return give_option(call, tracee, bytes_of(nobody), room);
            default:  // SO_PEEK_OFF
                return SyscallReply::error(EOPNOTSUPP);
        }
    }
    if (level != AF_VSOCK)
        return SyscallReply::error(ENOPROTOOPT);
    const VsockOptions options = options_.get(socket->cookie());
    std::uint64_t number = 0;
    switch (call.int_argument(2)) {
        case SO_VM_SOCKETS_BUFFER_SIZE:
            number = options.buffer_size;
            break;
        case SO_VM_SOCKETS_BUFFER_MIN_SIZE:
            number = options.buffer_min_size;
            break;
        case SO_VM_SOCKETS_BUFFER_MAX_SIZE:
            number = options.buffer_max_size;
            break;
        case connect_timeout_old:
        case connect_timeout_new: {
            constexpr std::int64_t million = 1'000'000;
            const std::int64_t whole = options.connect_timeout.count();
            const KernelTimeval timeout{whole / million, whole % million};
            if (room < sizeof timeout)
                return SyscallReply::error(EINVAL);
            return give_option(call, tracee, bytes_of(timeout), room);
        }
        default:
            return SyscallReply::error(ENOPROTOOPT);
    }
    if (room < sizeof number)
        return SyscallReply::error(EINVAL);
    return give_option(call, tracee, bytes_of(number), room);
}

// setsockopt(fd, level, option, value, length)
SyscallReply VsockCalls::setsockopt(const SystemCall& call, Tracee& tracee) {
    const auto socket = EmulatedSocket::of(tracee, call.int_argument(0));
    if (!socket)
        return SyscallReply::pass_through();
    const int level = call.int_argument(1);
    const int option = call.int_argument(2);
    const int length = call.int_argument(4);
    // SO_MAX_PACING_RATE holds the mark; it paces nothing on a vsock either.
    if (level == SOL_SOCKET)
        return option == SO_PEEK_OFF ? SyscallReply::error(EOPNOTSUPP) : SyscallReply::value(0);
    if (level != AF_VSOCK)
        return SyscallReply::error(length < 0 ? EINVAL : ENOPROTOOPT);
    const bool is_timeout = option == connect_timeout_old || option == connect_timeout_new;
    const bool is_size = option == SO_VM_SOCKETS_BUFFER_SIZE ||
                         option == SO_VM_SOCKETS_BUFFER_MIN_SIZE ||
                         option == SO_VM_SOCKETS_BUFFER_MAX_SIZE;
    if (!is_timeout && !is_size)
        return SyscallReply::error(length < 0 ? EINVAL : ENOPROTOOPT);
    const std::size_t wanted = is_timeout ? sizeof(KernelTimeval) : sizeof(std::uint64_t);
    if (length < 0 || static_cast<std::size_t>(length) < wanted)
        return SyscallReply::error(EINVAL);
    const std::uint64_t cookie = socket->cookie();
    VsockOptions options = options_.get(cookie);
    if (is_timeout) {
        const auto timeout = tracee.read_value<KernelTimeval>(call.arguments[3]);
        if (!timeout)
            return SyscallReply::error(to_int(timeout.error()));
        if (const int error = options.set_connect_timeout(timeout->seconds, timeout->microseconds))
            return SyscallReply::error(error);
    } else {
        const auto size = tracee.read_value<std::uint64_t>(call.arguments[3]);
        if (!size)
            return SyscallReply::error(to_int(size.error()));
        if (option == SO_VM_SOCKETS_BUFFER_SIZE)
            options.set_buffer_size(*size);
        else if (option == SO_VM_SOCKETS_BUFFER_MIN_SIZE)
            options.set_buffer_min_size(*size);
        else
            options.set_buffer_max_size(*size);
        if (socket->type() == SOCK_SEQPACKET)
            set_record_limit(socket->fd.get(), options.buffer_size);
    }
    options_.set(cookie, options);
    return SyscallReply::value(0);
}

}  // namespace glovebox::supervisor
