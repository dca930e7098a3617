// SPDX-License-Identifier: Apache-2.0

#include "transports/vsock_transport.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
// After sys/socket.h, whose sa_family_t it needs.
#include <linux/vm_sockets.h>

#include <cerrno>
#include <cstring>

#include "core/stream/timeout.h"
#include "transports/socket_listener.h"

namespace glovebox::transports {

namespace asio = boost::asio;
using core::VsockAddress;

namespace {

Result<UniqueFd> vsock_socket() {
    UniqueFd socket(::socket(AF_VSOCK, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (socket)
        return socket;
    const int failure = errno;
    return errno_error("cannot create a vsock socket", failure)
        .with_advice(failure == EAFNOSUPPORT
                         ? "The kernel has no vsock: load its module with modprobe vsock, or use "
                           "--transport unix"
                     : failure == EPERM || failure == EACCES
                         ? "A system call filter forbids it, as that of most containers does: "
                           "`glovebox doctor` says how to allow it"
                         : "");
}

sockaddr_vm to_kernel(VsockAddress address) {
    sockaddr_vm kernel{};
    kernel.svm_family = AF_VSOCK;
    kernel.svm_cid = address.cid;
    kernel.svm_port = address.port;
    return kernel;
}

VsockAddress local_of(int socket) {
    sockaddr_vm kernel{};
    socklen_t length = sizeof kernel;
    if (::getsockname(socket, reinterpret_cast<sockaddr*>(&kernel), &length) != 0 ||
        kernel.svm_family != AF_VSOCK)
        return {};
    return {kernel.svm_cid, kernel.svm_port};
}

}  // namespace

VsockAddress vsock_peer_of(const core::Accepted& accepted) {
    sockaddr_vm kernel{};
    if (accepted.peer.ss_family != AF_VSOCK || accepted.peer_size < sizeof kernel)
        return {};
    std::memcpy(&kernel, &accepted.peer, sizeof kernel);
    return {kernel.svm_cid, kernel.svm_port};
}

VsockTransport::VsockTransport(asio::any_io_executor executor, core::Cid own)
    : executor_(std::move(executor)), own_(own) {}

Result<std::unique_ptr<core::Listener>> VsockTransport::listen(VsockAddress address) {
    auto socket = vsock_socket();
    if (!socket)
        return socket.error();
    const sockaddr_vm kernel = to_kernel(address);
    if (::bind(socket->get(), reinterpret_cast<const sockaddr*>(&kernel), sizeof kernel) != 0)
        return errno_error("binding vsock " + to_string(address), errno);
    if (::listen(socket->get(), SOMAXCONN) != 0)
        return errno_error("cannot listen on vsock " + to_string(address), errno);
    VsockAddress local = local_of(socket->get());
    if (local.cid == core::cid_any)
        local.cid = own_;
    auto acceptor = core::Acceptor::make(executor_, std::move(*socket));
    if (!acceptor)
        return acceptor.error();
    return std::unique_ptr<core::Listener>(
        std::make_unique<SocketListener>(std::move(*acceptor), local, &vsock_peer_of));
}

// A non-blocking connect is in progress until the socket is writable; how it ended is SO_ERROR.
asio::awaitable<Result<core::Connection>> VsockTransport::connect(
    VsockAddress address, std::chrono::milliseconds patience) {
    auto socket = vsock_socket();
    if (!socket)
        co_return socket.error();
    const std::string what = "connecting to vsock " + to_string(address);
    const sockaddr_vm kernel = to_kernel(address);
    int result = 0;
    if (::connect(socket->get(), reinterpret_cast<const sockaddr*>(&kernel), sizeof kernel) != 0)
        result = errno;
    if (result != 0 && result != EINPROGRESS)
        co_return errno_error(what, result);
    const auto executor = co_await asio::this_coro::executor;
    auto stream = core::Stream::make(executor, std::move(*socket), result == EINPROGRESS);
    if (!stream)
        co_return stream.error();
    const core::Deadline deadline(executor, patience,
                                  [&] { stream->watch().cancel(core::Stream::Event::writable); });
    const auto failure = co_await stream->ready(core::Stream::Event::writable);
    if (deadline.has_expired())
        co_return core::no_answer(patience);
    if (failure)
        co_return Error(failure, what + ": " + failure.message());
    if (const int ended = stream->connect_result(); ended != 0)
        co_return errno_error(what, ended);
    VsockAddress local = local_of(stream->native_handle());
    if (local.cid == core::cid_any)
        local.cid = own_;
    co_return core::Connection{std::move(*stream), local, address};
}

core::Cid local_vsock_cid(core::Cid otherwise) {
    const UniqueFd device(::open("/dev/vsock", O_RDONLY | O_CLOEXEC));
    unsigned int cid = core::cid_any;
    if (!device || ::ioctl(device.get(), IOCTL_VM_SOCKETS_GET_LOCAL_CID, &cid) != 0 ||
        cid == core::cid_any)
        return otherwise;
    return cid;
}

}  // namespace glovebox::transports
