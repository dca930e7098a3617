// SPDX-License-Identifier: Apache-2.0

// The sentence that answers "why?", and the whole table of findings below it.
#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "sim/kms/policy/decision.h"

namespace glovebox::kms::policy {

// One line: which statement, which condition, expected and actual. `decision` has its verdict and
// its findings.
[[nodiscard]] std::string reason_for(const Decision& decision, const AccessRequest& request);

// "StringEquals kms:KeySpec: expected \"A\" or \"B\", found nothing: no Recipient was sent".
[[nodiscard]] std::string describe(const ConditionFinding& finding, std::string_view remark);

// Every statement with what it came to, a line each, conditions below; for a terminal.
[[nodiscard]] std::string to_text(const Decision& decision);

// The same for a log.
[[nodiscard]] boost::json::object to_json_object(const Decision& decision);

[[nodiscard]] std::string_view name_of(Verdict verdict);
[[nodiscard]] std::string_view name_of(Outcome outcome);

}  // namespace glovebox::kms::policy
