// SPDX-License-Identifier: Apache-2.0

#include "core/stream/acceptor.h"

#include <sys/epoll.h>

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <utility>

#include "core/stream/asio_result.h"
#include "core/stream/readiness.h"
#include "core/stream/stream.h"

namespace glovebox::core {
namespace {

namespace asio = boost::asio;

// Those that are open have their turn after so many new ones.
constexpr int accepts_in_a_row_max = 16;

// What accept(2) reports of a connection that is gone already, not of the listener.
bool concerns_one_connection(int errno_value) {
    return errno_value == EINTR || errno_value == ECONNABORTED || errno_value == EPROTO;
}

bool is_none_left(int errno_value) {
    return errno_value == EAGAIN || errno_value == EWOULDBLOCK;
}

}  // namespace

struct Acceptor::State {
    asio::any_io_executor executor;
    std::vector<UniqueFd> sockets;
    UniqueFd all;  // of several sockets, an epoll instance that is readable if one of them is
    Readiness::Watch watch;  // before the descriptor that it watches
    std::size_t turn = 0;
    int in_a_row = 0;

    // From the sockets by turns; 0 or errno, which is EAGAIN if none has a connection.
    int accept_one(Accepted& accepted) {
        int error = EAGAIN;
        for (std::size_t tried = 0; tried < sockets.size();) {
            accepted.listener = turn;
            accepted.peer_size = sizeof accepted.peer;
            accepted.socket =
                UniqueFd(::accept4(sockets[turn].get(), reinterpret_cast<sockaddr*>(&accepted.peer),
                                   &accepted.peer_size, SOCK_NONBLOCK | SOCK_CLOEXEC));
            error = accepted.socket ? 0 : errno;
            if (concerns_one_connection(error))
                continue;
            turn = (turn + 1) % sockets.size();
            if (!is_none_left(error))
                break;
            ++tried;
        }
        return error;
    }
};

Result<Acceptor> Acceptor::make(const asio::any_io_executor& executor, UniqueFd listening) {
    std::vector<UniqueFd> one;
    one.push_back(std::move(listening));
    return make(executor, std::move(one));
}

Result<Acceptor> Acceptor::make(const asio::any_io_executor& executor,
                                std::vector<UniqueFd> listening) {
    UniqueFd all;
    if (listening.size() > 1) {
        all = UniqueFd(::epoll_create1(EPOLL_CLOEXEC));
        if (!all)
            return errno_error("epoll_create1", errno);
        for (const UniqueFd& socket : listening) {
            epoll_event readable{.events = EPOLLIN, .data = {}};
            if (::epoll_ctl(all.get(), EPOLL_CTL_ADD, socket.get(), &readable) != 0)
                return errno_error("epoll_ctl", errno);
        }
    }
    auto watch = Readiness::of(executor).watch(all ? all.get() : listening.front().get());
    if (!watch)
        return watch.error();
    return Acceptor(std::make_shared<State>(
        State{executor, std::move(listening), std::move(all), std::move(*watch)}));
}

asio::awaitable<Result<Accepted>> Acceptor::accept() const {
    return next(state_);
}

asio::awaitable<Result<Accepted>> Acceptor::next(std::shared_ptr<State> state) {
    while (true) {
        if (++state->in_a_row > accepts_in_a_row_max) {
            state->in_a_row = 0;
            co_await asio::post(state->executor, asio::use_awaitable);
        }
        boost::system::error_code failure;
        if (!state->watch || !state->watch.is(Readiness::Event::readable))
            failure = co_await ready(state->watch, Readiness::Event::readable);
        const auto cancellation = co_await asio::this_coro::cancellation_state;
        if (failure || state->sockets.empty() ||
            cancellation.cancelled() != asio::cancellation_type::none)
            co_return Error(asio::error::make_error_code(asio::error::operation_aborted),
                            "the listener was closed");
        Accepted accepted;
        const int error = state->accept_one(accepted);
        if (error == 0)
            co_return accepted;
        if (!is_none_left(error))
            co_return errno_error("accept", error);
        state->in_a_row = 0;
        state->watch.clear(Readiness::Event::readable);
    }
}

int Acceptor::native_handle() const {
    return state_->sockets.empty() ? -1 : state_->sockets.front().get();
}

std::vector<int> Acceptor::native_handles() const {
    std::vector<int> handles;
    for (const UniqueFd& socket : state_->sockets)
        handles.push_back(socket.get());
    return handles;
}

void Acceptor::close() {
    state_->watch.end();
    state_->sockets.clear();
    state_->all.reset();
}

}  // namespace glovebox::core
