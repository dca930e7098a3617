// SPDX-License-Identifier: Apache-2.0

// The two records of a request.
//
// The trace is Glovebox's own. It has everything that a decision depends on, so that the decision
// can be made again with another policy (explain.h):
//
//   {"time": "...", "requestId": "...", "operation": "Decrypt", "caller": "arn:...",
//    "error": "AccessDeniedException", "message": "...", "explanation": "...",
//    "checks": [{"action", "resource", "account", "caller": {...}, "recipient", "context",
//                "policies": [{"name", "kind", "text"}], "grants": [...], "decision": {...}}],
//    "recipient": {"moduleId", "root", "timestamp", "pcrs": {"0": "<hex>"}}}
//
// A request that was refused before its caller was known has an empty caller, no checks, and the
// "accessKeyId" that it claims.
//
// The access log has the form of AWS CloudTrail's events, with their fields for attested requests.
#pragma once

#include <boost/json/object.hpp>
#include <optional>

#include "sim/kms/operation.h"

namespace glovebox::kms {

// `error` is empty for a request that succeeded.
[[nodiscard]] boost::json::object trace_record(const Call& call,
                                               const std::optional<ApiError>& error);

// `random` is the source of the event's ID. Source: KMS developer guide, "Logging AWS KMS API calls
// with AWS CloudTrail".
[[nodiscard]] boost::json::object cloudtrail_event(const Environment& env, const Call& call,
                                                   const std::optional<ApiError>& error,
                                                   RandomSource& random);

[[nodiscard]] boost::json::object to_json(const Check& check);
// Reads a check of the trace. The error names the missing or malformed member.
[[nodiscard]] Result<Check> parse_check(const boost::json::object& object);

}  // namespace glovebox::kms
