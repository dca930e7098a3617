// SPDX-License-Identifier: Apache-2.0

// The error for a message or a ring of a guest that the switch refuses. No code matches on its
// kind: the guest is disconnected, and the sentence is logged.
#pragma once

#include <boost/system/errc.hpp>
#include <string>

#include "core/base/error.h"

namespace glovebox::vsock_switch {

[[nodiscard]] inline Error malformed(std::string message) {
    return {boost::system::errc::make_error_code(boost::system::errc::protocol_error),
            std::move(message)};
}

}  // namespace glovebox::vsock_switch
