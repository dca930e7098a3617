// SPDX-License-Identifier: Apache-2.0

// The last lines of an enclave's console, from its file in the world, for error messages.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/address/vsock_address.h"

namespace glovebox::enclave {

// The last lines of a text: at most `lines`, and at most `bytes`. If an earlier line states the
// error that ended a program (a Go panic, a Java exception, before a long trace of calls), that
// line comes first, then "...", then as many of the last lines as still fit.
[[nodiscard]] std::string last_lines(std::string_view text, std::size_t lines, std::size_t bytes);

// The same for the console of the enclave with this CID; empty if it has no output.
[[nodiscard]] std::string last_console_lines(int world, core::Cid cid, std::size_t lines,
                                             std::size_t bytes);

}  // namespace glovebox::enclave
