// SPDX-License-Identifier: Apache-2.0

#include "transports/vsock_transport.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
// After sys/socket.h, whose sa_family_t it needs.
#include <linux/vm_sockets.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>

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

using GetName = int (*)(int, sockaddr*, socklen_t*);

VsockAddress from_kernel(int socket, GetName get_name) {
    sockaddr_vm kernel{};
    socklen_t length = sizeof kernel;
    if (get_name(socket, reinterpret_cast<sockaddr*>(&kernel), &length) != 0 ||
        kernel.svm_family != AF_VSOCK)
        return {};
    return {kernel.svm_cid, kernel.svm_port};
}

bool is_writable(int socket) {
    pollfd entry{.fd = socket, .events = POLLOUT, .revents = 0};
    return ::poll(&entry, 1, 0) > 0;
}

VsockAddress peer_of(int socket) {
    return from_kernel(socket, ::getpeername);
}

}  // namespace

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
    VsockAddress local = from_kernel(socket->get(), ::getsockname);
    if (local.cid == core::cid_any)
        local.cid = own_;
    return std::unique_ptr<core::Listener>(
        std::make_unique<SocketListener>(executor_, AF_VSOCK, std::move(*socket), local, &peer_of));
}

// A non-blocking connect is in progress until the socket is writable; how it ended is SO_ERROR.
asio::awaitable<Result<core::Connection>> VsockTransport::connect(VsockAddress address) {
    auto socket = vsock_socket();
    if (!socket)
        co_return socket.error();
    const int number = socket->get();
    auto stream = make_stream(executor_, AF_VSOCK, std::move(*socket));
    if (!stream)
        co_return stream.error();

    const std::string what = "connecting to vsock " + to_string(address);
    const sockaddr_vm kernel = to_kernel(address);
    int result = 0;
    if (::connect(number, reinterpret_cast<const sockaddr*>(&kernel), sizeof kernel) != 0)
        result = errno;
    if (result == EINPROGRESS) {
        // Asio may report a socket ready because one before it was, so the socket itself is asked.
        do {
            boost::system::error_code error;
            co_await stream->async_wait(asio::socket_base::wait_write,
                                        asio::redirect_error(asio::use_awaitable, error));
            if (error)
                co_return Error(error, what + ": " + error.message());
        } while (!is_writable(number));
        socklen_t length = sizeof result;
        if (::getsockopt(number, SOL_SOCKET, SO_ERROR, &result, &length) != 0)
            result = errno;
    }
    if (result != 0)
        co_return errno_error(what, result);

    VsockAddress local = from_kernel(number, ::getsockname);
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
