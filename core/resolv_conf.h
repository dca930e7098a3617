// SPDX-License-Identifier: Apache-2.0

// The options "timeout" and "attempts" of resolv.conf(5), which c-ares before 1.20 does not read.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace glovebox::core {

// How long a lookup waits for a name server's answer, and how often it asks all of them. Each round
// waits twice as long as the one before.
struct LookupPatience {
    // Without options: three rounds begin within the resolver's deadline of five seconds, so a
    // server that does not answer leaves time for the next one.
    std::chrono::milliseconds timeout{1000};
    int attempts = 3;
};

// Reads the words of an "options" line: "ndots:2 timeout:1 attempts:3". Numbers are brought within
// the bounds of resolv.conf(5): 30 seconds, 5 attempts. Other words and malformed numbers change
// nothing.
void read_options(std::string_view words, LookupPatience& patience);

// The patience of the file's "options" lines, and over them that of the variable RES_OPTIONS. A
// missing file counts as an empty one.
[[nodiscard]] LookupPatience read_lookup_patience(const std::string& path);

}  // namespace glovebox::core
