// SPDX-License-Identifier: Apache-2.0

#include "transports/unix_transport.h"

#include <linux/capability.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "transports/reach.h"
#include "transports/socket_listener.h"

namespace glovebox::transports {
namespace {

Result<UniqueFd> unix_socket() {
    UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket)
        return errno_error("cannot create a Unix socket", errno);
    return socket;
}

}  // namespace

UnixTransport::UnixTransport(boost::asio::any_io_executor executor, std::shared_ptr<World> world,
                             core::Cid own, bool privileged)
    : executor_(std::move(executor)),
      world_(std::move(world)),
      own_(own),
      privileged_(privileged) {}

Result<std::unique_ptr<core::Listener>> UnixTransport::listen(core::VsockAddress address) {
    if (const auto cid = bindable_cid(own_, address.cid); !cid)
        return cid.error();
    if (const auto allowed = check_port_privilege(address.port, privileged_); !allowed)
        return allowed.error();
    auto socket = unix_socket();
    if (!socket)
        return socket.error();
    const auto bound = world_->bind(socket->get(), own_, address);
    if (!bound)
        return bound.error();
    if (::listen(socket->get(), SOMAXCONN) != 0) {
        const int failure = errno;
        world_->unbind(socket->get(), own_, *bound);
        return errno_error("cannot listen on " + to_string(*bound), failure);
    }
    world_->mark_listening(socket->get());
    const auto unbind = [world = world_, own = own_, bound = *bound](int closing) {
        world->unbind(closing, own, bound);
    };
    const auto peer_of = [](const core::Accepted& accepted) {
        return World::peer_at(accepted.peer, accepted.peer_size);
    };
    auto acceptor = core::Acceptor::make(executor_, std::move(*socket));
    if (!acceptor)
        return acceptor.error();
    return std::unique_ptr<core::Listener>(
        std::make_unique<SocketListener>(std::move(*acceptor), *bound, peer_of, unbind));
}

// It never takes any time.
boost::asio::awaitable<Result<core::Connection>> UnixTransport::connect(
    core::VsockAddress address, std::chrono::milliseconds /*patience*/) {
    auto socket = unix_socket();
    if (!socket)
        co_return socket.error();
    const auto local = world_->connect(socket->get(), own_, address, true);
    if (!local)
        co_return local.error();
    const auto executor = co_await boost::asio::this_coro::executor;
    auto stream = core::Stream::make(executor, std::move(*socket));
    if (!stream)
        co_return stream.error();
    co_return core::Connection{std::move(*stream), *local, address};
}

bool may_bind_privileged_ports(core::Cid own) {
    if (own != core::cid_parent)
        return true;
    __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets{};
    if (::syscall(SYS_capget, &header, sets.data()) != 0)
        return false;
    return (sets[CAP_TO_INDEX(CAP_NET_BIND_SERVICE)].effective &
            CAP_TO_MASK(CAP_NET_BIND_SERVICE)) != 0;
}

}  // namespace glovebox::transports
