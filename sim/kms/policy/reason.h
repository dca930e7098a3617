// SPDX-License-Identifier: Apache-2.0

// A decision in words: one sentence that says why, and a table of all findings.
#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "sim/kms/policy/decision.h"

namespace glovebox::kms::policy {

// One line: which statement decided, which condition failed, the expected and the actual value.
// Needs `verdict` and `findings` of the decision, not its sentence.
[[nodiscard]] std::string reason_for(const Decision& decision, const AccessRequest& request);

// For example: "StringEquals kms:KeySpec: expected \"A\" or \"B\", found nothing: no Recipient was
// sent".
[[nodiscard]] std::string describe(const ConditionFinding& finding, std::string_view remark);

// The sentence, then a line for each statement with its outcome, conditions below it. For a
// terminal.
[[nodiscard]] std::string to_text(const Decision& decision);

// The same for a log.
[[nodiscard]] boost::json::object to_json_object(const Decision& decision);

[[nodiscard]] std::string_view name_of(Verdict verdict);
[[nodiscard]] std::string_view name_of(Outcome outcome);
[[nodiscard]] std::string_view name_of(GrantOutcome outcome);

}  // namespace glovebox::kms::policy
