// SPDX-License-Identifier: Apache-2.0

// Settings of a process that relays: signals and the limit on descriptors.
#pragma once

#include <cstddef>

namespace glovebox::core {

// Ignores SIGPIPE, which splice(2) raises for a closed peer. Restore the default before the exec of
// a program that this process starts.
void ignore_sigpipe();

// Ignores SIGXFSZ as well, which a write beyond the limit on file sizes (ulimit -f) raises: the
// write's error says it too, and a service goes on. Restore both as above.
void ignore_write_signals();

// How many connections, pipes and lookups a limit on open descriptors allows.
struct DescriptorBudget {
    std::size_t connections;  // two descriptors each
    std::size_t pipes;        // two each as well
    std::size_t lookups;      // sockets_per_lookup each
};

// Leaves room for listeners, log, channels (relay/hop_resets.h) and lookups. At least one
// connection, whatever the limit; then accepting may fail, and is tried again.
[[nodiscard]] DescriptorBudget descriptor_budget(std::size_t limit);

struct DescriptorLimit {
    std::size_t before;
    std::size_t now;
};

// How many connects to one target's addresses may be under way at a time, beside its client, so
// that `open_max` such connections and `waiting_max` clients fit into the budget; from 1 to `most`.
[[nodiscard]] std::size_t attempts_within(const DescriptorBudget& budget, std::size_t open_max,
                                          std::size_t waiting_max, std::size_t most);

// Raises the limit on open descriptors as far as this process may. A program that it starts gets
// the limit from before again: select(2) cannot watch descriptors from 1024 up.
DescriptorLimit raise_descriptor_limit();

}  // namespace glovebox::core
