// SPDX-License-Identifier: Apache-2.0

// Any bytes as the first ones of a TLS client. However the stream is cut, the outcome is the same;
// a name that is found is a host's, in its one form.

#include <string>

#include "core/ingress/client_hello.h"
#include "fuzz/require.h"

namespace {

using namespace glovebox;
using State = core::ClientHelloReader::State;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    core::ClientHelloReader whole;
    const State outcome = whole.feed(bytes);
    core::ClientHelloReader pieces;
    feed_in_pieces(bytes, [&](std::string_view piece) { pieces.feed(piece); });
    require(pieces.state() == outcome && pieces.name() == whole.name());
    if (outcome == State::needs_more)
        require(size <= core::client_hello_size_max);
    if (outcome == State::refused)
        require(!whole.sentence().empty() && whole.sentence() == pieces.sentence() &&
                whole.alert() == pieces.alert() && !whole.name());
    if (outcome == State::complete && whole.name()) {
        const auto again = core::HostName::parse(whole.name()->text());
        require(again && *again == *whole.name());
    }
    return 0;
}
