// SPDX-License-Identifier: Apache-2.0

// How the parent and the enclave of this example talk: one JSON object a line over their vsock
// connection.
//
//   parent  -> {"request":"attest","nonce":"<hex>"}
//   enclave -> {"document":"<hex of the COSE_Sign1>"}
//   parent  -> {"request":"unlock","ciphertext":"<hex, RSAES-OAEP-SHA-256 to the document's public
//   key>"} enclave -> {"sha256":"<hex of the digest of the decrypted secret>"} parent  ->
//   {"request":"fetch","url":"https://..."} enclave -> {"status":200,"bytes":123,"body":"..."}
//   either  -> {"error":"<one sentence>"} in place of an answer
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/json/object.hpp>
#include <string>

#include "core/base/bytes.h"
#include "core/stream/transport.h"

namespace glovebox::example {

// A document of 5 KB is 10 KB of hex; nothing here is longer.
inline constexpr std::size_t message_bytes_max = 64 * 1024;

class MessageChannel {
  public:
    explicit MessageChannel(core::Stream stream) : stream_(std::move(stream)) {}

    [[nodiscard]] boost::asio::awaitable<Result<void>> send(const boost::json::object& message);

    // The next message; an empty object when the peer has finished. A line that is not a JSON
    // object, or is too long, is an error, and so is the peer's {"error": ...}.
    [[nodiscard]] boost::asio::awaitable<Result<boost::json::object>> receive();

  private:
    core::Stream stream_;
    std::string buffer_;
};

// A member that has to be there, as text or as hex. The error names it.
[[nodiscard]] Result<std::string> text_member(const boost::json::object& message,
                                              std::string_view name);
[[nodiscard]] Result<Bytes> hex_member(const boost::json::object& message, std::string_view name);

}  // namespace glovebox::example
