// SPDX-License-Identifier: Apache-2.0

// A value or an errno value, for code that makes system calls on behalf of a program: the program
// sees the number itself, without a message.
#pragma once

#include <boost/system/result.hpp>
#include <system_error>

namespace glovebox::supervisor {

enum class Errno : int { none = 0 };

[[nodiscard]] constexpr int to_int(Errno error) {
    return static_cast<int>(error);
}

BOOST_NORETURN inline void throw_exception_from_error(Errno error, const boost::source_location&) {
    throw std::system_error(to_int(error), std::generic_category());
}

template <class T>
using OrErrno = boost::system::result<T, Errno>;

}  // namespace glovebox::supervisor
