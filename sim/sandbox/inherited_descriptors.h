// SPDX-License-Identifier: Apache-2.0

// Closes or keeps the descriptors that a forked child inherits. Async-signal-safe.
#pragma once

#include <array>
#include <span>

namespace glovebox::sandbox {

// The program's own descriptors start at 3; Glovebox leaves 0, 1 and 2 to the streams.
inline constexpr int first_free_descriptor = 3;

// Closes all descriptors but 0, 1, 2 and those in `kept`, which is sorted.
void close_all_but(std::span<const int> kept) noexcept;

// Marks every descriptor from first_free_descriptor on to be closed by the next execve.
void close_all_on_exec() noexcept;

// Duplicates `streams` to 0, 1 and 2. Returns 0 or an errno.
[[nodiscard]] int take_standard_streams(const std::array<int, 3>& streams) noexcept;

}  // namespace glovebox::sandbox
