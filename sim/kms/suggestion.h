// SPDX-License-Identifier: Apache-2.0

// The edit of a policy that would allow a refused request. Each edit was tried on that request of
// the trace.
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>

#include "core/base/error.h"

namespace glovebox::kms {

struct Suggestion {
    // For example: In statement "EnclaveDecrypts" of the key policy, set StringEqualsIgnoreCase
    // kms:RecipientAttestation:PCR0 to "2576...". Or what the request would need, where no edit
    // helps: it has no value for the key that a condition tests.
    std::string sentence;
    std::string policy;  // "the key policy"; empty if no edit helps
    std::string before;  // its text, indented JSON
    std::string after;
};

// For the first check of a record of the trace (record.h) that refuses. Nothing if the policies
// allow the request, a statement denies it, or neither an edit of one statement nor a value that
// the request lacks is known to help. The error names what the record lacks.
[[nodiscard]] Result<std::optional<Suggestion>> suggest(const boost::json::object& record);

}  // namespace glovebox::kms
