// SPDX-License-Identifier: Apache-2.0

// What a process that relays asks of its kernel before it begins.
#pragma once

#include <cstddef>

namespace glovebox::core {

// splice(2) to a closed peer raises SIGPIPE, which has to be ignored. A program that is started
// from this process must have the default restored before its exec.
void ignore_sigpipe();

// What fits into a limit on open descriptors.
struct DescriptorBudget {
    std::size_t connections;  // two descriptors each
    std::size_t pipes;        // two each as well
};

// Leaves room for listeners, log, channels (hop_resets.h) and lookups. At least one connection,
// whatever the limit; then accepting may fail, and is tried again.
[[nodiscard]] DescriptorBudget descriptor_budget(std::size_t limit);

// Raises the limit on open descriptors as far as this process may, and returns it. Not for
// a process that starts programs which use select(2).
std::size_t raise_descriptor_limit();

}  // namespace glovebox::core
