// SPDX-License-Identifier: Apache-2.0

// What fuzz targets share: a claim that has to hold, and a stream that is cut anywhere.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <iostream>
#include <new>
#include <string>
#include <string_view>
#include <vector>

namespace glovebox {

// Whether a request for memory has been refused (refused_memory.cpp): then no claim has to hold.
inline bool is_memory_refused = false;

// Unlike assert(), in every build. Says where the claim stands.
inline void require(bool holds, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
    if (holds)
        return;
    if (is_memory_refused)
        throw std::bad_alloc();
    std::cerr << file << ':' << line << ": this does not hold\n";
    std::abort();
}

// Calls feed(piece) with the bytes in pieces of 1 to 7, whose sizes differ from one to the next.
template <class Feed>
void feed_in_pieces(std::string_view bytes, const Feed& feed) {
    for (std::size_t at = 0, step = 1; at < bytes.size(); at += step, step = step % 7 + 1)
        feed(bytes.substr(at, step));
}

// The text's lines without their line feeds; one for an empty text.
inline std::vector<std::string> lines_of(std::string_view text) {
    std::vector<std::string> lines(1);
    for (const char c : text)
        if (c == '\n')
            lines.emplace_back();
        else
            lines.back() += c;
    return lines;
}

}  // namespace glovebox
