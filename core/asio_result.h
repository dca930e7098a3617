// Asio's completions as values: co_await an operation with `as_result` and get its error code and
// its values in a tuple, never an exception.
//
// Store what co_await gives before it is looked at: gcc 12 at -Og loses the frame's variables when
// a co_await stands inside the condition of an if.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace glovebox::core {

inline constexpr auto as_result = boost::asio::as_tuple(boost::asio::use_awaitable);

}  // namespace glovebox::core
