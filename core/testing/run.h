// SPDX-License-Identifier: Apache-2.0

// For tests: runs coroutines on a context until one of them has its answer.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

namespace glovebox::core {

// A test that hangs is a failure with a name, not a killed process.
inline constexpr std::chrono::seconds test_patience{30};

template <class T>
boost::asio::awaitable<void> keep_answer(boost::asio::awaitable<T> work, std::optional<T>& answer) {
    auto value = co_await std::move(work);
    answer.emplace(std::move(value));
}

template <class T>
T run(boost::asio::io_context& context, boost::asio::awaitable<T> work) {
    // Shared, since work that hangs outlives this call.
    const auto answer = std::make_shared<std::optional<T>>();
    const auto thrown = std::make_shared<std::exception_ptr>();
    boost::asio::co_spawn(
        context, keep_answer(std::move(work), *answer),
        [answer, thrown](const std::exception_ptr& exception) { *thrown = exception; });
    const auto end = std::chrono::steady_clock::now() + test_patience;
    context.restart();
    while (!*answer && !*thrown && context.run_one_until(end) > 0) {
    }
    if (*thrown)
        std::rethrow_exception(*thrown);
    if (!*answer)
        throw std::runtime_error("the coroutine did not end in time");
    return std::move(**answer);
}

// Starts work whose end somebody else waits for; an exception out of it ends run().
inline void spawn(boost::asio::io_context& context, boost::asio::awaitable<void> work) {
    boost::asio::co_spawn(context, std::move(work), [](const std::exception_ptr& thrown) {
        if (thrown)
            std::rethrow_exception(thrown);
    });
}

}  // namespace glovebox::core
