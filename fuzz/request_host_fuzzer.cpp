// SPDX-License-Identifier: Apache-2.0

// Any bytes as the first ones of a client of HTTP or TLS. However the stream is cut, the outcome
// and what the client receives are the same; a name that is found is a host's, in its one form.

#include <string>

#include "core/ingress/name_request.h"
#include "fuzz/require.h"

namespace {

using namespace glovebox;
using State = core::NameRequest::State;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0)
        return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    core::NameRequest whole;
    const State outcome = whole.feed(bytes);
    core::NameRequest pieces;
    feed_in_pieces(bytes, [&](std::string_view piece) { pieces.feed(piece); });
    require(pieces.state() == outcome && pieces.name() == whole.name());
    require(pieces.protocol() == whole.protocol());
    if (outcome == State::needs_more)
        require(size < core::client_hello_size_max + 1);
    if (outcome == State::refused) {
        require(!whole.sentence().empty() && whole.sentence() == pieces.sentence());
        require(whole.refused_message() == pieces.refused_message() && !whole.name());
    }
    if (outcome == State::complete && whole.name()) {
        const auto again = core::HostName::parse(whole.name()->text());
        require(again && *again == *whole.name());
        require(!whole.unknown_message("x").empty());
    }
    return 0;
}
