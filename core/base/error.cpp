// SPDX-License-Identifier: Apache-2.0

#include "core/base/error.h"

namespace glovebox {

Error Error::with_advice(std::string_view advice) && {
    if (advice.empty())
        return std::move(*this);
    message += message.ends_with('.') ? " " : ". ";
    message += advice;
    return std::move(*this);
}

std::string errno_text(int errno_value) {
    return boost::system::error_code(errno_value, boost::system::system_category()).message();
}

Error errno_error(std::string_view what, int errno_value) {
    return system_error(errno_value, std::string(what) + ": " + errno_text(errno_value));
}

Error system_error(int errno_value, std::string message) {
    return Error(boost::system::error_code(errno_value, boost::system::system_category()),
                 std::move(message));
}

Error invalid_input(std::string message) {
    return Error(make_error_code(boost::system::errc::invalid_argument), std::move(message));
}

}  // namespace glovebox
