// SPDX-License-Identifier: Apache-2.0

// The interface `lo`, which is down in an enclave that has just booted.
#pragma once

#include "core/base/error.h"

namespace glovebox::core {

// Brings lo up, with 127.0.0.1/8, if it is down. Returns whether it was down. Errors: errno's, and
// ProxyError::not_permitted without CAP_NET_ADMIN in the network namespace.
[[nodiscard]] Result<bool> bring_loopback_up();

}  // namespace glovebox::core
