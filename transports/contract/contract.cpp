// SPDX-License-Identifier: Apache-2.0

#include "transports/contract/contract.h"

#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <optional>

namespace glovebox::transports {

namespace asio = boost::asio;

TransportContract::TransportContract()
    : machine_(GetParam().start()),
      listening_(machine_->listening_side(io_.get_executor())),
      dialling_(machine_->dialling_side(io_.get_executor())) {}

void TransportContract::run(asio::awaitable<void> coroutine, std::chrono::seconds deadline) {
    bool ended = false;
    std::exception_ptr failure;
    asio::co_spawn(io_, std::move(coroutine), [&](const std::exception_ptr& thrown) {
        ended = true;
        failure = thrown;
        io_.stop();
    });
    io_.restart();
    io_.run_for(deadline);
    if (failure)
        std::rethrow_exception(failure);
    ASSERT_TRUE(ended) << "still running after " << deadline.count() << " s";
}

std::unique_ptr<core::Listener> TransportContract::listen(core::Port at) {
    return listening_->listen({machine_->bound_cid(), at}).value();
}

asio::awaitable<Result<core::Connection>> TransportContract::dial(core::Port at) {
    return dialling_->connect({machine_->dialled_cid(), at}, std::chrono::seconds(10));
}

core::VsockAddress TransportContract::seen(const core::Connection& dialled) const {
    return {machine_->seen_cid(), machine_->tells_ports() ? dialled.local.port : core::port_any};
}

asio::awaitable<TransportContract::Pair> TransportContract::connect_pair(core::Listener& listener) {
    core::Connection dialled = (co_await dial(listener.local().port)).value();
    core::Connection accepted = (co_await listener.accept()).value();
    co_return Pair{std::move(dialled), std::move(accepted)};
}

}  // namespace glovebox::transports
