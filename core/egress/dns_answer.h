// SPDX-License-Identifier: Apache-2.0

// A name server's answer to one query (RFC 1035, RFC 6891), read strictly.
//
//   query:   header | question                | OPT, if the client knows EDNS
//   answer:  header | question, byte by byte  | A or AAAA, if there is an address | OPT
//
// A query that is no whole message with one question gets FORMERR. The largest answer has 310
// bytes, so none is ever truncated.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/address/host_name.h"
#include "core/address/ip_address.h"

namespace glovebox::core {

inline constexpr std::size_t dns_answer_bytes_max = 310;

enum class DnsStatus : std::uint8_t {
    no_error = 0,
    format_error = 1,
    server_failure = 2,
    name_error = 3,  // the name does not exist
    not_implemented = 4,
    refused = 5,
};

struct DnsAddresses {
    DnsStatus status = DnsStatus::no_error;
    // None: the name has no address of the family.
    std::optional<IpAddress> address{};
};

// How long a client may keep an answer.
inline constexpr std::uint32_t dns_answer_seconds = 30;

// The address of a name in one family.
struct DnsQuestion {
    HostName name;
    bool is_ipv6 = false;
};

// A query that gets an answer.
class DnsQuery {
  public:
    // Empty for what gets no answer: fewer bytes than a header, or an answer.
    [[nodiscard]] static std::optional<DnsQuery> read(std::span<const std::uint8_t> bytes);

    // What is to be looked up; empty if the answer needs no lookup: that to a malformed query, and
    // to one of another type than A and AAAA, which has no records.
    [[nodiscard]] const std::optional<DnsQuestion>& question() const { return question_; }

    // The answer's bytes. `found` is for question(), and its address, if any, of that family.
    [[nodiscard]] std::vector<std::uint8_t> answer(const DnsAddresses& found = {}) const;

  private:
    std::vector<std::uint8_t> head_;  // the header and the question
    std::optional<DnsQuestion> question_;
    DnsStatus status_ = DnsStatus::no_error;  // without a lookup
    bool has_edns_ = false;
    bool has_bad_version_ = false;
};

}  // namespace glovebox::core
