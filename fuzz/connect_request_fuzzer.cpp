// SPDX-License-Identifier: Apache-2.0

// Any bytes as what a client sends to the CONNECT proxy. However the stream is cut, the outcome is
// the same; a head that is taken is short and leads to one host in one spelling; and a refusal is a
// whole HTTP response that carries nothing of the client's lines.

#include <algorithm>
#include <cstdlib>
#include <string>

#include "core/connect_parser.h"

namespace {

using namespace glovebox;
using State = core::ConnectParser::State;

void require(bool holds) {
    if (!holds)
        std::abort();
}

// A refusal's own lines end before its body, and no byte of the body is a control character.
void check(const core::HttpRefusal& refusal) {
    const std::string response = core::to_response(refusal);
    const std::size_t body = response.find("\r\n\r\n");
    require(response.starts_with("HTTP/1.1 ") && body != std::string::npos);
    require(!refusal.sentence.empty());
    for (const char c : response.substr(body + 4))
        require(c == '\n' || static_cast<unsigned char>(c) >= 0x20);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    core::ConnectParser whole;
    const State outcome = whole.feed(bytes);

    core::ConnectParser pieces;
    for (std::size_t at = 0, step = 1; at < size; at += step, step = step % 7 + 1)
        pieces.feed(bytes.substr(at, step));
    require(pieces.state() == outcome);

    switch (outcome) {
        case State::needs_more:
            require(size <= core::connect_head_size_max);
            break;
        case State::refused:
            require(whole.refusal().status == pieces.refusal().status);
            require(whole.refusal().sentence == pieces.refusal().sentence);
            check(whole.refusal());
            break;
        case State::complete: {
            require(whole.target() == pieces.target());
            const auto again = core::parse_target(core::to_string(whole.target()));
            require(again && *again == whole.target());
            const std::string early = whole.take_early_bytes();
            require(early == pieces.take_early_bytes() && bytes.ends_with(early));
            const std::string_view head = bytes.substr(0, size - early.size());
            require(head.size() <= core::connect_head_size_max && head.ends_with("\r\n\r\n"));
            require(head.starts_with("CONNECT "));
            break;
        }
    }
    return 0;
}
