// SPDX-License-Identifier: Apache-2.0

#include "sim/up/junit_suite.h"

#include <fmt/core.h>

#include "sim/up/markup.h"

namespace glovebox::up {

JunitSuite::JunitSuite(std::string name, std::string_view scope)
    : name_(std::move(name)), scope_(scope.empty() ? "" : fmt::format("{}.", scope)) {}

void JunitSuite::fail(std::string_view group, std::string_view name, std::string_view message,
                      std::string_view text) {
    ++failures_;
    add(group, name,
        fmt::format("<failure message=\"{}\">{}</failure>", in_markup(message), in_markup(text)));
}

void JunitSuite::skip(std::string_view group, std::string_view name, std::string_view why) {
    ++skipped_;
    add(group, name, fmt::format("<skipped message=\"{}\"/>", in_markup(why)));
}

void JunitSuite::add(std::string_view group, std::string_view name, std::string_view content) {
    ++tests_;
    cases_ += fmt::format("    <testcase classname=\"glovebox.{}{}\" name=\"{}\"", scope_,
                          in_markup(group), in_markup(name));
    cases_ += content.empty() ? "/>\n" : fmt::format(">{}</testcase>\n", content);
}

std::string JunitSuite::element(std::chrono::milliseconds lasted) const {
    return fmt::format(
        "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\" "
        "time=\"{:.3f}\">\n{}  </testsuite>\n",
        in_markup(name_), tests_, failures_, skipped_, static_cast<double>(lasted.count()) / 1000,
        cases_);
}

std::string junit_document(std::string_view suites) {
    return fmt::format(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n{}</testsuites>\n", suites);
}

}  // namespace glovebox::up
