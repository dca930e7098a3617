// SPDX-License-Identifier: Apache-2.0

// The answers of an NSM (nsm-api src/api/mod.rs, Response) and their CBOR, with the keys in the
// order of the real module. As with requests, an answer without fields is a text, any other a map
// of one entry.
//
//   {"DescribeNSM": {"digest": "SHA384", "max_pcrs": 32, "module_id": "i-...-enc...",
//                    "locked_pcrs": [0, ...], "version_major": 1, "version_minor": 0,
//                    "version_patch": 0}}
//   {"DescribePCR": {"data": h'48 bytes', "lock": true}}      "LockPCR"      "LockPCRs"
//   {"ExtendPCR": {"data": h'48 bytes'}}                       {"GetRandom": {"random": h'...'}}
//   {"Attestation": {"document": h'...'}}                      {"Error": "InvalidIndex"}
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "core/base/bytes.h"
#include "nsm-mock/document/pcr_index.h"
#include "nsm-mock/module/nsm_error.h"

namespace glovebox::nsm {

namespace response {

struct DescribeNsm {
    std::string digest;
    std::uint16_t max_pcrs = 0;
    std::string module_id;
    std::vector<PcrIndex> locked_pcrs;
    std::uint16_t version_major = 0;
    std::uint16_t version_minor = 0;
    std::uint16_t version_patch = 0;
};
struct DescribePcr {
    Bytes data;
    bool lock = false;
};
struct ExtendPcr {
    Bytes data;
};
struct LockPcr {};
struct LockPcrs {};
struct Attestation {
    Bytes document;
};
struct GetRandom {
    Bytes random;
};

}  // namespace response

using Response = std::variant<response::DescribeNsm, response::DescribePcr, response::ExtendPcr,
                              response::LockPcr, response::LockPcrs, response::Attestation,
                              response::GetRandom, NsmError>;

[[nodiscard]] Bytes encode_response(const Response& response);

// Reads an answer of the mock or of the real module. Malformed bytes are NsmError::invalid_response
// with a sentence; {"Error": ...} is a value, an NsmError in the variant.
[[nodiscard]] Result<Response> decode_response(BytesView bytes);

}  // namespace glovebox::nsm
