// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/decision_report.h"

#include <optional>
#include <string>

#include "core/base/printable.h"
#include "sim/kms/explain.h"
#include "sim/kms/json.h"
#include "sim/kms/json_lines.h"
#include "sim/kms/suggestion.h"

namespace glovebox::kms {

namespace json = boost::json;

json::object decision_report(const json::object& record) {
    const auto explanation = explain(record, std::nullopt);
    json::object report{
        {"request", record},
        {"explanation", explanation ? explanation->text : printable(explanation.error().message)},
        {"fix", nullptr}};
    if (const auto fix = suggest(record); fix && *fix)
        report["fix"] = {{"sentence", (*fix)->sentence},
                         {"policy", (*fix)->policy},
                         {"before", (*fix)->before},
                         {"after", (*fix)->after}};
    return report;
}

json::array refusal_reports(std::string_view trace, std::size_t most) {
    json::array reports;
    while (!trace.empty() && reports.size() < most) {
        const auto end = trace.find('\n');
        const std::string_view line = trace.substr(0, end);
        trace = end == trace.npos ? "" : trace.substr(end + 1);
        if (line.find("\"error\":") == line.npos)
            continue;
        const auto record = read_json(line, trace_line_budget);
        if (record && record->is_object() && record->get_object().contains("error"))
            reports.emplace_back(decision_report(record->get_object()));
    }
    return reports;
}

}  // namespace glovebox::kms
