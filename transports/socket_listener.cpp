// SPDX-License-Identifier: Apache-2.0

#include "transports/socket_listener.h"

#include <boost/asio/error.hpp>
#include <utility>

namespace glovebox::transports {

namespace asio = boost::asio;

SocketListener::SocketListener(core::Acceptor acceptor, core::VsockAddress local, PeerOf peer_of,
                               BeforeClose before_close, std::vector<std::string> names,
                               BeforeShare before_share)
    : acceptor_(std::move(acceptor)),
      local_(local),
      peer_of_(std::move(peer_of)),
      before_close_(std::move(before_close)),
      names_(names.empty() ? std::vector{std::to_string(local.port)} : std::move(names)),
      before_share_(std::move(before_share)) {}

SocketListener::~SocketListener() {
    close();
}

core::VsockAddress SocketListener::local() const {
    return local_;
}

asio::awaitable<Result<core::Arrival>> SocketListener::next() {
    return accept_from(acceptor_, local_, peer_of_);
}

asio::awaitable<Result<core::Arrival>> SocketListener::accept_from(core::Acceptor acceptor,
                                                                   core::VsockAddress local,
                                                                   PeerOf peer_of) {
    auto accepted = co_await acceptor.accept();
    if (!accepted && accepted.error().code == asio::error::operation_aborted)
        co_return Error(accepted.error().code, "the listener on " + to_string(local) +
                                                   " was closed, or waiting for it cancelled");
    if (!accepted)
        co_return std::move(accepted.error()).in("on " + to_string(local));
    const core::VsockAddress peer = peer_of(*accepted);
    co_return core::Arrival{std::move(accepted->socket), local, peer};
}

std::vector<core::SharedListener> SocketListener::share() {
    if (before_share_)
        before_share_();
    before_close_ = {};
    std::vector<core::SharedListener> shared;
    for (const int fd : acceptor_.native_handles())
        shared.push_back({fd, names_.at(shared.size())});
    return shared;
}

void SocketListener::close() {
    if (acceptor_.native_handle() < 0)
        return;
    if (before_close_)
        before_close_(acceptor_.native_handle());
    acceptor_.close();
}

}  // namespace glovebox::transports
