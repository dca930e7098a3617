// SPDX-License-Identifier: Apache-2.0

// Any bytes as what a load balancer sends first. However the stream is cut, the outcome is the
// same, and every byte behind the header is kept; ends that are read are written and read again.

#include <string>

#include "core/ingress/proxy_protocol.h"
#include "fuzz/require.h"

namespace {

using namespace glovebox;
using State = core::ProxyHeaderReader::State;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    core::ProxyHeaderReader whole;
    const State outcome = whole.feed(bytes);
    core::ProxyHeaderReader pieces;
    feed_in_pieces(bytes, [&](std::string_view piece) { pieces.feed(piece); });
    require(pieces.state() == outcome && pieces.ends() == whole.ends());
    if (outcome == State::needs_more)
        require(size < core::proxy_header_size_max);
    if (outcome == State::refused)
        require(!whole.sentence().empty() && !whole.ends());
    if (outcome == State::complete) {
        const std::string early = whole.take_early_bytes();
        require(early == pieces.take_early_bytes() && bytes.ends_with(early));
        require(size - early.size() <= core::proxy_header_size_max);
    }
    if (whole.ends()) {
        const std::string written =
            core::proxy_header(*whole.ends(), {"a.example", core::VsockAddress{16, 5005}});
        core::ProxyHeaderReader again;
        require(again.feed(written) == State::complete && again.ends() == whole.ends());
    }
    return 0;
}
