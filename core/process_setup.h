// What a process that relays asks of its kernel before it begins.
#pragma once

#include <cstddef>

namespace glovebox::core {

// splice(2) to a closed peer raises SIGPIPE, which has to be ignored. A program that is started
// from this process must have the default restored before its exec.
void ignore_sigpipe();

// Raises the limit on open descriptors as far as this process may, and returns it. Two are needed a
// connection. Not for a process that starts programs which use select(2).
std::size_t raise_descriptor_limit();

}  // namespace glovebox::core
