// SPDX-License-Identifier: Apache-2.0

// Any bytes as what a client of the enclave's proxy sends, in SOCKS or HTTP. However the stream is
// cut, the protocol, the outcome and what the client receives are the same.

#include "core/proxy/tunnel_request.h"

#include <string>

#include "fuzz/require.h"

using namespace glovebox;
using State = core::TunnelRequest::State;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0)
        return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    core::TunnelRequest whole;
    const State outcome = whole.feed(bytes);
    const std::string told = whole.take_answer();
    core::TunnelRequest pieces;
    std::string told_in_pieces;
    feed_in_pieces(bytes, [&](std::string_view piece) {
        if (pieces.state() != State::needs_more)
            return;
        pieces.feed(piece);
        told_in_pieces += pieces.take_answer();
    });
    require(whole.has_begun() && whole.state() == outcome && pieces.state() == outcome);
    require(told == told_in_pieces && whole.protocol() == pieces.protocol());
    if (outcome == State::refused) {
        const auto refusal = whole.refusal();
        require(!whole.refused_message(refusal).empty() || !told.empty());
        require(whole.refused_message(refusal) == pieces.refused_message(pieces.refusal()));
        require(whole.status_of(refusal) == pieces.status_of(pieces.refusal()));
    } else if (outcome == State::complete) {
        require(whole.target() == pieces.target() && whole.is_exchange() == pieces.is_exchange());
        require((whole.rule_question() == nullptr) == (pieces.rule_question() == nullptr));
        if (whole.rule_question() == nullptr && !whole.is_exchange())
            require(whole.opened_message() == pieces.opened_message() &&
                    whole.take_early_bytes().starts_with(pieces.take_early_bytes()));
    }
    return 0;
}
