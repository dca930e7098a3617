// SPDX-License-Identifier: Apache-2.0

// The end of an enclave's console, from its file in the world.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/vsock_address.h"

namespace glovebox::enclave {

// The last lines of a text, at most `lines` and `bytes` of them. Where a line further up says what
// a program ended of (a Go panic, a Java exception: a long trace of calls follows it), that line
// comes first, then "..." and as many of the last ones as there is room for.
[[nodiscard]] std::string last_lines(std::string_view text, std::size_t lines, std::size_t bytes);

// The same of a console; empty where there is nothing.
[[nodiscard]] std::string last_console_lines(int world, core::Cid cid, std::size_t lines,
                                             std::size_t bytes);

}  // namespace glovebox::enclave
