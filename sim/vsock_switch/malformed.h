// SPDX-License-Identifier: Apache-2.0

// What a guest or its QEMU said that the switch refuses. Nobody matches on the kind: the guest is
// cut off and the sentence goes to the log.
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
