// SPDX-License-Identifier: Apache-2.0

// The first message of TLS (RFC 8446 4.1.2), read for the name of the server that the client wants
// (SNI, RFC 6066 3) and for nothing else. TLS itself is the enclave's: every byte goes on as it is.
//
//   16 03 01 <length>   a record; the message may be cut into several of them
//     01 <length>       ClientHello: version, random, session, cipher suites, compression,
//                       extensions, of which number 0 has the name
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/address/host_name.h"

namespace glovebox::core {

// What a TLS client understands of a refusal (RFC 8446 6).
enum class TlsAlert : std::uint8_t {
    unexpected_message = 10,
    record_overflow = 22,
    illegal_parameter = 47,
    decode_error = 50,
    internal_error = 80,
    unrecognized_name = 112,
};

// The record that says so and ends the connection.
[[nodiscard]] std::string to_record(TlsAlert alert);

// With the heads of its records. The RFC allows 16 MiB; this limit is Glovebox's.
inline constexpr std::size_t client_hello_size_max = 16 * 1024;

// Whether a stream that begins with this byte is one of TLS: a record of type handshake.
[[nodiscard]] constexpr bool begins_tls(char first) {
    return first == '\x16';
}

class ClientHelloReader {
  public:
    enum class State { needs_more, complete, refused };

    // Reads the next bytes of the stream, in pieces of any size; the result does not depend on
    // their sizes. Bytes behind the message are not looked at.
    State feed(std::string_view bytes);

    [[nodiscard]] State state() const { return state_; }
    // When complete; empty if the client names no server.
    [[nodiscard]] const std::optional<HostName>& name() const { return name_; }
    // When refused.
    [[nodiscard]] TlsAlert alert() const { return alert_; }
    [[nodiscard]] const std::string& sentence() const { return sentence_; }

  private:
    void take_record_head();
    void take_message();
    void read_hello(std::string_view body);
    void read_extensions(std::string_view extensions);
    void read_names(std::string_view extension);
    void refuse(TlsAlert alert, std::string sentence);

    static constexpr std::size_t record_head_size = 5;

    State state_ = State::needs_more;
    std::size_t size_ = 0;  // of the stream so far
    std::array<char, record_head_size> record_head_{};
    std::size_t record_head_read_ = 0;
    std::size_t record_left_ = 0;  // bytes of the current record that have yet to come
    std::string message_;
    std::optional<HostName> name_;
    TlsAlert alert_ = TlsAlert::decode_error;
    std::string sentence_;
};

}  // namespace glovebox::core
