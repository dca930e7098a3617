// SPDX-License-Identifier: Apache-2.0

#include "core/acceptor.h"

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <utility>

#include "core/asio_result.h"
#include "core/readiness.h"
#include "core/stream.h"

namespace glovebox::core {
namespace {

namespace asio = boost::asio;

// Those that are open have their turn after so many new ones.
constexpr int accepts_in_a_row_max = 16;

// What accept(2) reports of a connection that is gone already, not of the listener.
bool concerns_one_connection(int errno_value) {
    return errno_value == EINTR || errno_value == ECONNABORTED || errno_value == EPROTO;
}

}  // namespace

struct Acceptor::State {
    State(asio::any_io_executor of, UniqueFd listening, Readiness::Watch its)
        : executor(std::move(of)), socket(std::move(listening)), watch(std::move(its)) {}

    asio::any_io_executor executor;
    UniqueFd socket;
    Readiness::Watch watch;
    int in_a_row = 0;
};

Result<Acceptor> Acceptor::make(const asio::any_io_executor& executor, UniqueFd listening) {
    auto watch = Readiness::of(executor).watch(listening.get());
    if (!watch)
        return watch.error();
    return Acceptor(std::make_shared<State>(executor, std::move(listening), std::move(*watch)));
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
        if (failure || !state->socket || cancellation.cancelled() != asio::cancellation_type::none)
            co_return Error(asio::error::make_error_code(asio::error::operation_aborted),
                            "the listener was closed");
        Accepted accepted;
        accepted.peer_size = sizeof accepted.peer;
        accepted.socket =
            UniqueFd(::accept4(state->socket.get(), reinterpret_cast<sockaddr*>(&accepted.peer),
                               &accepted.peer_size, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (accepted.socket)
            co_return accepted;
        const int error = errno;
        if (error == EAGAIN || error == EWOULDBLOCK) {
            state->in_a_row = 0;
            state->watch.clear(Readiness::Event::readable);
        } else if (!concerns_one_connection(error)) {
            co_return errno_error("accept", error);
        }
    }
}

int Acceptor::native_handle() const {
    return state_->socket.get();
}

void Acceptor::close() {
    state_->watch.end();
    state_->socket.reset();
}

}  // namespace glovebox::core
