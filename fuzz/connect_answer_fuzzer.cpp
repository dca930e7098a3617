// SPDX-License-Identifier: Apache-2.0

// Any bytes as what a proxy answers to CONNECT. However the stream is cut, the outcome is the same;
// an open tunnel's bytes are those behind the head; and a reason is short, and one line.

#include <string>

#include "core/http/connect_answer.h"
#include "fuzz/require.h"

namespace {

using namespace glovebox;
using State = core::ConnectAnswer::State;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    core::ConnectAnswer whole;
    const State outcome = whole.feed(bytes);
    core::ConnectAnswer pieces;
    feed_in_pieces(bytes, [&](std::string_view piece) { pieces.feed(piece); });
    require(pieces.state() == outcome && pieces.status() == whole.status());
    for (const std::string_view line : {"Proxy-Status: glovebox", "Content-Length: 0"})
        require(whole.has_line(line) == pieces.has_line(line));
    switch (outcome) {
        case State::needs_more:
            require(size <= core::ConnectAnswer::head_bytes_max);
            break;
        case State::opened: {
            require(whole.status() >= 200 && whole.status() <= 299);
            const std::string early = whole.take_early_bytes();
            require(early == pieces.take_early_bytes() && bytes.ends_with(early));
            require(bytes.substr(0, size - early.size()).ends_with("\r\n\r\n"));
            break;
        }
        case State::refused:
            require(whole.reason() == pieces.reason() && !whole.reason().empty());
            require(whole.reason().size() <= core::ConnectAnswer::reason_bytes_max);
            require(whole.reason().find('\n') == std::string::npos);
            break;
        case State::not_http:
            break;
    }
    return 0;
}
