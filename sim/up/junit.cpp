// SPDX-License-Identifier: Apache-2.0

#include "sim/up/junit.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string_view>

#include "sim/up/junit_suite.h"
#include "sim/up/not_run.h"

namespace glovebox::up {
namespace {

std::string text_of(const boost::json::value& part, std::string_view name) {
    return boost::json::value_to<std::string>(part.at(name));
}

}  // namespace

std::string junit_report(const boost::json::array& parts, const WorldOutcome& outcome,
                         const WorldReport& report) {
    const auto has_failed = [&](const std::string& part) {
        return std::find(outcome.failed_parts.begin(), outcome.failed_parts.end(), part) !=
               outcome.failed_parts.end();
    };
    std::string name = "glovebox " + outcome.file;
    if (outcome.shard)
        name += " shard " + to_text(*outcome.shard);
    JunitSuite suite(name, outcome.shard ? junit_scope(*outcome.shard) : "");
    for (const boost::json::value& part : parts) {
        const std::string label = text_of(part, "part");
        const std::string kind = text_of(part, "kind");
        if (has_failed(label))
            suite.fail(kind, label, fmt::format("{} failed", label), report.last_lines().of(label));
        else
            suite.pass(kind, label);
    }
    for (const NotRun& one : outcome.not_run)
        suite.skip("not_run", one.part.empty() ? one.what : one.part + ": " + one.what, one.why);
    const std::string command =
        outcome.command.empty() ? "world" : fmt::format("{}", fmt::join(outcome.command, " "));
    if (outcome.status.value_or(0) != 0)
        suite.fail("command", command, fmt::format("ended with status {}", *outcome.status),
                   report.last_lines().of("parent"));
    else if (!outcome.is_good)
        suite.fail("command", command,
                   outcome.failures.empty() ? "the world failed" : outcome.failures.front(),
                   fmt::format("{}", fmt::join(outcome.failures, "\n")));
    else
        suite.pass("command", command);
    return junit_document(suite.element(outcome.lasted));
}

}  // namespace glovebox::up
