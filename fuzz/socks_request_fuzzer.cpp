// SPDX-License-Identifier: Apache-2.0

// Any bytes as what a SOCKS 5 client sends. However the stream is cut, the outcome and what the
// client receives are the same; a request that is taken leads to one host in one spelling.

#include <string>

#include "core/proxy/socks_parser.h"
#include "fuzz/require.h"

namespace {

using namespace glovebox;
using State = core::SocksParser::State;

// A greeting with 255 methods, and a request with a name of 255 bytes.
constexpr std::size_t size_max = 2 + 255 + 4 + 1 + 255 + 2;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    core::SocksParser whole;
    const State outcome = whole.feed(bytes);
    const std::string told = whole.take_answer();
    core::SocksParser pieces;
    std::string told_in_pieces;
    feed_in_pieces(bytes, [&](std::string_view piece) {
        pieces.feed(piece);
        told_in_pieces += pieces.take_answer();
    });
    require(pieces.state() == outcome && told == told_in_pieces);
    switch (outcome) {
        case State::needs_more:
            require(size < size_max);
            break;
        case State::refused:
            require(whole.reply() == pieces.reply() && whole.reply() != core::SocksReply::opened);
            require(!whole.sentence().empty() && whole.sentence() == pieces.sentence());
            break;
        case State::complete: {
            require(whole.target() == pieces.target());
            const auto again = core::parse_target(core::to_string(whole.target()));
            require(again && *again == whole.target());
            const std::string early = whole.take_early_bytes();
            require(early == pieces.take_early_bytes() && bytes.ends_with(early));
            require(size - early.size() <= size_max);
            break;
        }
    }
    return 0;
}
