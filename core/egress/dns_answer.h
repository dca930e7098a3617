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
#include <functional>
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

// The address of a name in one family. Its address, if any, is of that family.
using DnsLookup = std::function<DnsAddresses(const HostName& name, bool is_ipv6)>;

// How long a client may keep an answer.
inline constexpr std::uint32_t dns_answer_seconds = 30;

// The answer's bytes; empty for what gets no answer: fewer bytes than a header, or an answer.
// Queries of other types than A and AAAA get an answer without records.
[[nodiscard]] std::vector<std::uint8_t> answer_dns(std::span<const std::uint8_t> query,
                                                   const DnsLookup& lookup);

}  // namespace glovebox::core
