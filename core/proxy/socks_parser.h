// SPDX-License-Identifier: Apache-2.0

// What a client of SOCKS 5 says before its bytes (RFC 1928), read strictly.
//
//   client  05 01 00                                  version; one method: no authentication
//   proxy   05 00                                     that method
//   client  05 01 00 03 0b "example.com" 01 bb        CONNECT to a name, its length, and a port
//   proxy   05 00 00 01 00 00 00 00 00 00             it is open; or why not, by a number
//
// The number is all that a client learns of a refusal; the sentence is for the log.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/address/target.h"
#include "core/http/http_refusal.h"

namespace glovebox::core {

inline constexpr char socks_version = 5;
inline constexpr char socks4_version = 4;  // is refused, in its own words

// RFC 1928 section 6.
enum class SocksReply : std::uint8_t {
    opened = 0,
    failed = 1,
    not_allowed = 2,
    network_unreachable = 3,
    host_unreachable = 4,
    connection_refused = 5,
    timed_out = 6,
    no_such_command = 7,
    no_such_address_type = 8,
};

class SocksParser {
  public:
    enum class State { needs_more, complete, refused };

    // Parses the next bytes of the stream, in pieces of any size; the result does not depend on
    // their sizes. Once the request is whole, further bytes are kept for take_early_bytes(); once
    // it is refused, they are dropped.
    State feed(std::string_view bytes);

    [[nodiscard]] State state() const { return state_; }
    // What the client waits for by now; empty if it waits for nothing.
    [[nodiscard]] std::string take_answer() { return std::exchange(answer_, {}); }
    // When complete.
    [[nodiscard]] const Target& target() const { return target_; }
    [[nodiscard]] std::string take_early_bytes() { return std::move(early_); }
    // When refused.
    [[nodiscard]] SocksReply reply() const { return reply_; }
    [[nodiscard]] const std::string& sentence() const { return sentence_; }
    // What tells the client of a refusal, behind take_answer(): nothing before a method is agreed
    // on.
    [[nodiscard]] std::string refused_message(SocksReply reply) const;

  private:
    // True: that part is over. False: not all of it is there yet, or it is refused.
    bool take_greeting();
    void take_request();
    void take_target(std::string_view address, std::size_t kind);
    void refuse(SocksReply reply, std::string sentence);

    State state_ = State::needs_more;
    bool has_greeted_ = false;
    bool is_version_4_ = false;
    std::string bytes_;  // what is not parsed yet
    std::string answer_;
    std::string early_;
    Target target_{IpAddress(), 0};
    SocksReply reply_ = SocksReply::failed;
    std::string sentence_;
};

// The whole reply. The address in it, where the connection leaves the proxy, is not told.
[[nodiscard]] std::string to_message(SocksReply reply);

// What SOCKS says for a refusal.
[[nodiscard]] SocksReply socks_reply_of(const HttpRefusal& refusal);

}  // namespace glovebox::core
