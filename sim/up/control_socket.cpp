// SPDX-License-Identifier: Apache-2.0

#include "sim/up/control_socket.h"

#include <unistd.h>

#include <chrono>
#include <utility>

#include "core/base/log.h"
#include "core/fault/client.h"
#include "core/fault/questions.h"
#include "core/stream/accept_loop.h"

namespace glovebox::up {

namespace asio = boost::asio;

ControlSocket::ControlSocket(const asio::any_io_executor& executor, int directory,
                             core::Acceptor acceptor, Answer answer)
    : directory_(directory),
      acceptor_(std::move(acceptor)),
      answer_(std::move(answer)),
      clients_(executor, null_log()) {
    const auto take = [this, executor](core::Accepted accepted) {
        if (auto client = core::Stream::make(executor, std::move(accepted.socket)))
            clients_.spawn(serve(std::move(*client)));
    };
    clients_.spawn(core::accept_loop(
        "control", [this] { return acceptor_.accept(); }, take, [] {}, null_log()));
}

ControlSocket::~ControlSocket() {
    ::unlinkat(directory_, fault::of_parts.socket, 0);
}

Result<std::unique_ptr<ControlSocket>> ControlSocket::open(const asio::any_io_executor& executor,
                                                           int directory, Answer answer) {
    auto acceptor = fault::listen_for_questions(executor, directory, fault::of_parts.socket);
    if (!acceptor)
        return acceptor.error();
    return std::unique_ptr<ControlSocket>(
        new ControlSocket(executor, directory, std::move(*acceptor), std::move(answer)));
}

asio::awaitable<void> ControlSocket::serve(core::Stream client) {
    co_await asio::this_coro::throw_if_cancelled(false);
    const auto cancellation = co_await asio::this_coro::cancellation_state;
    while (cancellation.cancelled() == asio::cancellation_type::none) {
        auto question = co_await fault::read_question(client);
        if (!question)
            co_return;
        const auto answer = co_await answer_(std::move(*question));
        if (!fault::send_answer(client, answer))
            co_return;
    }
}

asio::awaitable<void> ControlSocket::finish() {
    acceptor_.close();
    clients_.cancel();
    co_await clients_.finish(std::chrono::milliseconds(0));
}

}  // namespace glovebox::up
