// SPDX-License-Identifier: Apache-2.0

// What a forked child does with the descriptors that it inherits. Async-signal-safe.
#pragma once

#include <array>
#include <span>

namespace glovebox::sandbox {

// The program's descriptors start at 3; Glovebox's leave 0, 1 and 2 free.
inline constexpr int first_free_descriptor = 3;

// Closes all but 0, 1, 2 and what is kept; `kept` is sorted.
void close_all_but(std::span<const int> kept) noexcept;

// Closes every descriptor from `first_free_descriptor` on at the next execve.
void close_all_on_exec() noexcept;

// Makes `streams` 0, 1 and 2. Returns 0 or errno.
[[nodiscard]] int take_standard_streams(const std::array<int, 3>& streams) noexcept;

}  // namespace glovebox::sandbox
