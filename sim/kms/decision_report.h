// SPDX-License-Identifier: Apache-2.0

// A request of the trace with everything that explains its answer, for programs that show it.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cstddef>
#include <string_view>

namespace glovebox::kms {

// {"request": the record (record.h), "explanation": the text of explain(), "fix": {"sentence",
// "policy", "before", "after"} or null (suggestion.h)}
[[nodiscard]] boost::json::object decision_report(const boost::json::object& record);

// The reports of the requests in a trace that were refused, in their order, `most` at the most.
[[nodiscard]] boost::json::array refusal_reports(std::string_view trace, std::size_t most);

}  // namespace glovebox::kms
