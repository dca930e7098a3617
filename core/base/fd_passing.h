// SPDX-License-Identifier: Apache-2.0

// Descriptors over a Unix socket (SCM_RIGHTS, unix(7)). System calls only, so that both may be used
// between fork and exec.
#pragma once

#include <cstddef>
#include <span>

#include "core/base/unique_fd.h"

namespace glovebox {

inline constexpr std::size_t passed_fds_max = 8;

// One message of `size` bytes (at least one) with up to passed_fds_max descriptors.
[[nodiscard]] bool send_with_fds(int channel, const void* data, std::size_t size,
                                 std::span<const int> fds) noexcept;
// Reads one message of exactly `size` bytes. Descriptors beyond fds.size() are closed; those that
// were not sent stay empty. 0, or an errno value: EPIPE at the end of the channel; EMFILE where
// this process has no descriptor left for one that was sent, which is lost with its message.
[[nodiscard]] int receive_with_fds(int channel, void* data, std::size_t size,
                                   std::span<UniqueFd> fds) noexcept;

}  // namespace glovebox
