// SPDX-License-Identifier: Apache-2.0

// What fuzz targets share: a claim that has to hold, and a stream that is cut anywhere.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <string_view>

namespace glovebox {

// Unlike assert(), in every build.
inline void require(bool holds) {
    if (!holds)
        std::abort();
}

// Calls feed(piece) with the bytes in pieces of 1 to 7, whose sizes differ from one to the next.
template <class Feed>
void feed_in_pieces(std::string_view bytes, const Feed& feed) {
    for (std::size_t at = 0, step = 1; at < bytes.size(); at += step, step = step % 7 + 1)
        feed(bytes.substr(at, step));
}

}  // namespace glovebox
