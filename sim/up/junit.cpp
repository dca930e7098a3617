// SPDX-License-Identifier: Apache-2.0

#include "sim/up/junit.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string_view>

#include "core/base/printable.h"
#include "sim/up/not_run.h"

namespace glovebox::up {
namespace {

// Printable texts, since XML 1.0 has no way to write most control characters.
std::string escaped(std::string_view text) {
    std::string out;
    for (const char one : printable_lines(text))
        switch (one) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            case '\n':
                out += "&#10;";
                break;
            default:
                out += one;
        }
    return out;
}

std::string test_case(std::string_view group, std::string_view name, std::string_view content) {
    const std::string head = fmt::format("    <testcase classname=\"glovebox.{}\" name=\"{}\"",
                                         escaped(group), escaped(name));
    return content.empty() ? head + "/>\n" : fmt::format("{}>{}</testcase>\n", head, content);
}

std::string failure(std::string_view message, std::string_view text) {
    return fmt::format("<failure message=\"{}\">{}</failure>", escaped(message), escaped(text));
}

std::string text_in(const boost::json::value& part, std::string_view name) {
    return boost::json::value_to<std::string>(part.at(name));
}

}  // namespace

std::string junit_report(const boost::json::array& parts, const WorldOutcome& outcome,
                         const WorldReport& report, std::chrono::milliseconds lasted) {
    const auto has_failed = [&](const std::string& part) {
        return std::find(outcome.failed_parts.begin(), outcome.failed_parts.end(), part) !=
               outcome.failed_parts.end();
    };
    std::string cases;
    std::size_t tests = 0;
    std::size_t failures = 0;
    const auto add = [&](std::string_view group, std::string_view name,
                         const std::string& content) {
        cases += test_case(group, name, content);
        ++tests;
        failures += content.starts_with("<failure") ? 1 : 0;
    };
    for (const boost::json::value& part : parts) {
        const std::string label = text_in(part, "part");
        add(text_in(part, "kind"), label,
            has_failed(label)
                ? failure(fmt::format("{} failed", label), report.last_lines().of(label))
                : "");
    }
    for (const NotRun& one : outcome.not_run)
        add("not_run", one.part.empty() ? one.what : one.part + ": " + one.what,
            fmt::format("<skipped message=\"{}\"/>", escaped(one.why)));
    const std::string sentences = fmt::format("{}", fmt::join(outcome.failures, "\n"));
    const std::string command =
        outcome.command.empty() ? "world" : fmt::format("{}", fmt::join(outcome.command, " "));
    std::string verdict;
    if (outcome.status.value_or(0) != 0)
        verdict = failure(fmt::format("ended with status {}", *outcome.status),
                          report.last_lines().of("parent"));
    else if (!outcome.is_good)
        verdict = failure(outcome.failures.empty() ? "the world failed" : outcome.failures.front(),
                          sentences);
    add("command", command, verdict);
    return fmt::format(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
        "  <testsuite name=\"glovebox {}\" tests=\"{}\" failures=\"{}\" errors=\"0\" "
        "skipped=\"{}\" time=\"{:.3f}\">\n{}  </testsuite>\n</testsuites>\n",
        escaped(outcome.file), tests, failures, outcome.not_run.size(),
        static_cast<double>(lasted.count()) / 1000, cases);
}

}  // namespace glovebox::up
