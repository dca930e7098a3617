// SPDX-License-Identifier: Apache-2.0

// The seven requests of an NSM (nsm-api src/api/mod.rs, Request) and their CBOR.
//
// A request is one CBOR item: a text if it has no fields, otherwise a map of one entry, from the
// request's name to a map of its fields. Names and fields are nsm-api's; an enum of Rust is written
// so by serde_cbor.
//
//   "DescribeNSM"                                        "GetRandom"
//   {"DescribePCR": {"index": 4}}                        {"LockPCR": {"index": 16}}
//   {"ExtendPCR": {"index": 16, "data": h'...'}}         {"LockPCRs": {"range": 32}}
//   {"Attestation": {"user_data": h'...' / null, "nonce": ..., "public_key": ...}}
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "core/base/bytes.h"
#include "nsm-mock/document/pcr_index.h"

namespace glovebox::nsm {

namespace request {

struct DescribeNsm {};
struct GetRandom {};
struct DescribePcr {
    PcrIndex index = 0;
};
struct ExtendPcr {
    PcrIndex index = 0;
    Bytes data;
};
struct LockPcr {
    PcrIndex index = 0;
};
// Locks PCR0 to PCR(range - 1).
struct LockPcrs {
    PcrIndex range = 0;
};
// An absent field becomes null in the document; an empty one stays an empty byte string.
struct Attestation {
    std::optional<Bytes> user_data = std::nullopt;
    std::optional<Bytes> nonce = std::nullopt;
    std::optional<Bytes> public_key = std::nullopt;
};

}  // namespace request

using Request =
    std::variant<request::DescribeNsm, request::GetRandom, request::DescribePcr, request::ExtendPcr,
                 request::LockPcr, request::LockPcrs, request::Attestation>;

// For the log: "DescribePCR 4". Lengths stand in for data.
[[nodiscard]] std::string describe(const Request& request);

// Writes absent fields as null, as nsm-api does.
[[nodiscard]] Bytes encode_request(const Request& request);

// Reads a request as tolerantly as the real module: integers of any width, definite and indefinite
// lengths, text in place of byte strings, null or absent optional fields. Unknown fields are
// ignored, of a duplicated field the last one counts, and bytes after the first item are ignored.
// Errors are NsmError::invalid_operation with a sentence for the log, or input_too_large for more
// than request_bytes_max bytes.
[[nodiscard]] Result<Request> decode_request(BytesView bytes);

}  // namespace glovebox::nsm
