// SPDX-License-Identifier: Apache-2.0

#include "transports/socket_listener.h"

#include <sys/socket.h>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>

namespace glovebox::transports {

namespace asio = boost::asio;
using asio::generic::stream_protocol;

namespace {

Error closed(core::VsockAddress local) {
    return Error(asio::error::operation_aborted, "the listener on " + to_string(local) +
                                                     " was closed, or waiting for it cancelled");
}

// What accept(2) reports of a connection that is gone already, not of the listener.
bool concerns_one_connection(int errno_value) {
    return errno_value == EINTR || errno_value == ECONNABORTED || errno_value == EPROTO;
}

}  // namespace

struct SocketListener::State {
    asio::basic_socket_acceptor<stream_protocol> acceptor;
    int family;
    core::VsockAddress local;
    PeerOf peer_of;
    BeforeClose before_close;

    asio::awaitable<Result<core::Connection>> accept();
};

SocketListener::SocketListener(const asio::any_io_executor& executor, int family,
                               UniqueFd listening, core::VsockAddress local, PeerOf peer_of,
                               BeforeClose before_close)
    : state_(new State{asio::basic_socket_acceptor<stream_protocol>(executor), family, local,
                       std::move(peer_of), std::move(before_close)}) {
    state_->acceptor.assign(stream_protocol(family, 0), listening.get());
    (void)listening.release();
}

SocketListener::~SocketListener() {
    close();
}

core::VsockAddress SocketListener::local() const {
    return state_->local;
}

asio::awaitable<Result<core::Connection>> SocketListener::accept() {
    const auto state = state_;
    co_return co_await state->accept();
}

// Asio waits, accept4 accepts: Asio's own accept makes sockets that a program started later would
// inherit.
asio::awaitable<Result<core::Connection>> SocketListener::State::accept() {
    for (;;) {
        boost::system::error_code error;
        if (acceptor.is_open())
            co_await acceptor.async_wait(asio::socket_base::wait_read,
                                         asio::redirect_error(asio::use_awaitable, error));
        if (error == asio::error::operation_aborted || !acceptor.is_open())
            co_return closed(local);
        if (error)
            co_return Error(error, "waiting on " + to_string(local) + ": " + error.message());

        UniqueFd accepted(
            ::accept4(acceptor.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (!accepted) {
            if (errno == EAGAIN || concerns_one_connection(errno))
                continue;
            co_return errno_error("accepting on " + to_string(local), errno);
        }
        const core::VsockAddress peer = peer_of(accepted.get());
        auto stream = make_stream(acceptor.get_executor(), family, std::move(accepted));
        if (!stream)
            co_return stream.error();
        co_return core::Connection{std::move(*stream), local, peer};
    }
}

void SocketListener::close() {
    if (!state_->acceptor.is_open())
        return;
    if (state_->before_close)
        state_->before_close(state_->acceptor.native_handle());
    boost::system::error_code ignored;
    state_->acceptor.close(ignored);
}

Result<core::Stream> make_stream(const asio::any_io_executor& executor, int family,
                                 UniqueFd connected) {
    core::Stream stream(executor);
    boost::system::error_code error;
    stream.assign(stream_protocol(family, 0), connected.get(), error);
    if (error)
        return Error(error, "watching a connected socket: " + error.message());
    (void)connected.release();
    return stream;
}

}  // namespace glovebox::transports
