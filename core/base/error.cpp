// SPDX-License-Identifier: Apache-2.0

#include "core/base/error.h"

namespace glovebox {

Error errno_error(std::string_view what, int errno_value) {
    const boost::system::error_code code(errno_value, boost::system::system_category());
    return Error(code, std::string(what) + ": " + code.message());
}

Error system_error(int errno_value, std::string message) {
    return Error(boost::system::error_code(errno_value, boost::system::system_category()),
                 std::move(message));
}

Error invalid_input(std::string message) {
    return Error(make_error_code(boost::system::errc::invalid_argument), std::move(message));
}

}  // namespace glovebox
