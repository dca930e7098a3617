// SPDX-License-Identifier: Apache-2.0

// What is written down about a request.
//
// The trace is Glovebox's own: everything that a decision was made of, so that it can be made again
// against another policy (explain.h). The access log has the shape of AWS CloudTrail's events, with
// the fields that it has for attested requests.
//
//   trace: {"time": "...", "requestId": "...", "operation": "Decrypt", "caller": "arn:...",
//           "error": "AccessDeniedException", "message": "...", "explanation": "...",
//           "checks": [{"action", "resource", "account", "caller": {...}, "recipient", "context",
//                       "policies": [{"name", "kind", "text"}], "decision": {...}}],
//           "recipient": {"moduleId", "root", "timestamp", "pcrs": {"0": "<hex>"}}}
//
// A request that was refused before it was known who calls has an empty caller and no checks, and
// the "accessKeyId" that it claims.
#pragma once

#include <boost/json/object.hpp>
#include <optional>

#include "sim/kms/operation.h"

namespace glovebox::kms {

[[nodiscard]] boost::json::object trace_record(const Call& call,
                                               const std::optional<ApiError>& error);

// Source: KMS developer guide, "Logging AWS KMS API calls with AWS CloudTrail".
[[nodiscard]] boost::json::object cloudtrail_event(const Environment& env, const Call& call,
                                                   const std::optional<ApiError>& error,
                                                   RandomSource& random);

[[nodiscard]] boost::json::object to_json(const Check& check);
// The error names what is missing.
[[nodiscard]] Result<Check> parse_check(const boost::json::object& object);

}  // namespace glovebox::kms
