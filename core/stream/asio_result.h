// SPDX-License-Identifier: Apache-2.0

// Asio's completions as values: co_await an operation with `as_result` and get its error code and
// its values in a tuple, never an exception.
//
// Avoid two bugs of gcc 12: at -Og, a co_await inside the condition of an if loses the frame's
// variables (store the result first); and the captures of a lambda, or the members of an aggregate
// in braces, inside a co_await expression are destroyed twice (give either a name first).
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace glovebox::core {

inline constexpr auto as_result = boost::asio::as_tuple(boost::asio::use_awaitable);

}  // namespace glovebox::core
