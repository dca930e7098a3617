// SPDX-License-Identifier: Apache-2.0

// The seven requests of an NSM (nsm-api src/api/mod.rs, Request) and their CBOR.
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
struct LockPcrs {
    PcrIndex range = 0;
};
// Each field may be absent, which is null in the document, or empty, which stays an empty string.
struct Attestation {
    std::optional<Bytes> user_data = std::nullopt;
    std::optional<Bytes> nonce = std::nullopt;
    std::optional<Bytes> public_key = std::nullopt;
};

}  // namespace request

using Request =
    std::variant<request::DescribeNsm, request::GetRandom, request::DescribePcr, request::ExtendPcr,
                 request::LockPcr, request::LockPcrs, request::Attestation>;

// "DescribePCR 4": for the log.
[[nodiscard]] std::string describe(const Request& request);

[[nodiscard]] Bytes encode_request(const Request& request);

// Reads a request as the real module does: any integer width, definite and indefinite lengths, text
// where bytes are meant, unknown fields ignored, the last of a duplicated field, and nothing after
// the first item is looked at. The error is NsmError::invalid_operation with a sentence for the
// log, or input_too_large beyond request_bytes_max.
[[nodiscard]] Result<Request> decode_request(BytesView bytes);

}  // namespace glovebox::nsm
