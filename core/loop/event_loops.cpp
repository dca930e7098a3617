// SPDX-License-Identifier: Apache-2.0

#include "core/loop/event_loops.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <exception>

#include "core/base/signals_blocked.h"

namespace glovebox::core {
namespace {

namespace asio = boost::asio;

;

PipePoolOptions share_of(PipePoolOptions all, std::size_t count) {
    const auto share = [count](std::size_t number) {
        return number == 0 ? 0 : std::max<std::size_t>(number / count, 1);
    };
    all.pipes_max = share(all.pipes_max);
    all.idle_max = share(all.idle_max);
    return all;
}

}  // namespace

std::size_t without_loops(std::size_t descriptors, std::size_t count) {
    constexpr std::size_t each = 4;  // two epoll instances, a timer, and what wakes it
    return descriptors - std::min(descriptors, (count - 1) * each);
}

EventLoops::EventLoops(std::size_t count, PipePoolOptions pipes) {
    for (std::size_t i = 0; i < count; ++i) {
        Owned& owned = owned_.emplace_back(share_of(pipes, count));
        loops_.push_back({owned.context.get_executor(), owned.pipes});
    }
}

LoopThreads::LoopThreads(EventLoops& loops)
    : loops_(loops), exceptions_(std::uncaught_exceptions()) {
    const SignalsBlocked none_for_threads;
    for (EventLoops::Owned& owned : loops_.owned_) {
        if (&owned == &loops_.owned_.front())
            continue;
        guards_.push_back(asio::make_work_guard(owned.context));
        threads_.emplace_back([&first = loops_.first(), &context = owned.context] {
            try {
                context.run();
            } catch (...) {
                asio::post(first,
                           [thrown = std::current_exception()] { std::rethrow_exception(thrown); });
            }
        });
    }
}

LoopThreads::~LoopThreads() {
    const bool is_broken_off = std::uncaught_exceptions() > exceptions_;
    guards_.clear();
    if (is_broken_off)
        for (EventLoops::Owned& owned : loops_.owned_)
            owned.context.stop();
    for (std::thread& thread : threads_)
        thread.join();
    if (!is_broken_off && !threads_.empty())
        run_to_the_end();
}

// What loops have left for each other at the last moment refers to what is still here.
void LoopThreads::run_to_the_end() {
    std::size_t done = 0;
    do {
        done = 0;
        for (EventLoops::Owned& owned : loops_.owned_) {
            owned.context.restart();
            done += owned.context.poll();
        }
    } while (done > 0);
}

}  // namespace glovebox::core
