// SPDX-License-Identifier: Apache-2.0

// The first bytes that a connection carries in each direction, for a person who wants to see what
// two programs say to each other (--trace-traffic). They are whatever the programs send, secrets
// included: nothing is looked at unless somebody has asked for it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace glovebox::core {

class FirstBytes {
  public:
    enum class From { client, target };
    struct Piece {
        From from = From::client;
        std::uint64_t offset = 0;  // in this direction
        std::span<const std::uint8_t> bytes;
    };
    using Tell = std::function<void(const Piece& piece)>;

    // A relay copies so many bytes of each direction before it splices (relay_direction.h).
    static constexpr std::size_t bytes_max = 64 * 1024;
    // A piece has no more bytes: a line of a log has room for them in base64.
    static constexpr std::size_t piece_bytes_max = 1536;

    // `tell` gets `bytes` of each direction, bytes_max at the most, in pieces, as they come.
    FirstBytes(std::size_t bytes, Tell tell);

    void take(From from, std::span<const std::uint8_t> bytes);

  private:
    std::size_t bytes_;
    Tell tell_;
    std::uint64_t from_client_ = 0;  // passed on so far, as from_target_
    std::uint64_t from_target_ = 0;
};

// Whether the client sent it: "sent", or received it, "received".
[[nodiscard]] std::string_view way_of(const FirstBytes::Piece& piece);

// Behind the name of who sent it: "78 bytes: GET /secret HTTP/1.1", "517 bytes of TLS", "1536 bytes
// from offset 1536". A first line of HTTP/1 is named at the beginning of a direction alone.
[[nodiscard]] std::string describe(const FirstBytes::Piece& piece);

}  // namespace glovebox::core
