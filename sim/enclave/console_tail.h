// SPDX-License-Identifier: Apache-2.0

// The end of an enclave's console, from its file in the world.
#pragma once

#include <cstddef>
#include <string>

#include "core/vsock_address.h"

namespace glovebox::enclave {

// The last lines of a console, at most `lines` and `bytes` of them; empty where there is nothing.
[[nodiscard]] std::string last_console_lines(int world, core::Cid cid, std::size_t lines,
                                             std::size_t bytes);

}  // namespace glovebox::enclave
