// SPDX-License-Identifier: Apache-2.0

#include "core/forward/outgoing_hops.h"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <utility>

namespace glovebox::core {

namespace asio = boost::asio;
using std::chrono::steady_clock;

std::shared_ptr<HopResets> OutgoingHops::find(VsockAddress address) {
    const std::lock_guard guard(mutex_);
    return hops_[address].resets;
}

asio::awaitable<void> OutgoingHops::ask(VsockAddress address, const Loop& loop) {
    using namespace std::chrono_literals;
    const auto patience = std::min<std::chrono::milliseconds>(1s, patience_);
    // A refusal costs little, and the proxy that will accept a channel may start at any time.
    constexpr std::chrono::seconds pause_after_answer = 1s;
    constexpr std::chrono::seconds pause_after_silence = 60s;
    std::unique_lock lock(mutex_);
    Hop& hop = hops_[address];
    while (hop.asking)
        co_await asked_.wait(lock);
    const auto port = reset_port(address.port);
    if (!port || hop.resets->channels() > 0 || steady_clock::now() < hop.ask_again)
        co_return;
    hop.asking = true;
    lock.unlock();
    auto channel = co_await transport_.connect({address.cid, *port}, patience);
    lock.lock();
    hop.asking = false;
    asked_.notify_all();
    const bool silent = !channel && channel.error().code == asio::error::timed_out;
    hop.ask_again = steady_clock::now() + (silent ? pause_after_silence : pause_after_answer);
    if (channel)
        channels_.spawn_on(loop, HopResets::serve(hop.resets, std::move(channel->stream)));
}

}  // namespace glovebox::core
