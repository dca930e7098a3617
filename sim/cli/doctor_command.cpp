// SPDX-License-Identifier: Apache-2.0

// glovebox doctor: what this machine can do, what follows, and what would change it.

#include <fmt/format.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <iostream>

#include "sim/cli/commands.h"
#include "sim/cli/json_option.h"
#include "sim/command_line/color_option.h"
#include "sim/command_line/standard_streams.h"
#include "sim/enclave/delegation.h"
#include "sim/enclave/machine.h"

namespace glovebox::cli {
namespace {

const char* mark(enclave::Finding::State state) {
    switch (state) {
        case enclave::Finding::State::yes:
            return "yes";
        case enclave::Finding::State::limited:
            return "without";
        default:
            return "NO";
    }
}

// Of JSON.
const char* name_of(enclave::Finding::State state) {
    switch (state) {
        case enclave::Finding::State::yes:
            return "yes";
        case enclave::Finding::State::limited:
            return "limited";
        default:
            return "no";
    }
}

boost::json::object as_json(const enclave::Machine& machine,
                            const std::vector<enclave::Finding>& findings) {
    boost::json::array list;
    for (const enclave::Finding& finding : findings) {
        list.push_back({{"subject", finding.subject},
                        {"state", name_of(finding.state)},
                        {"consequence", finding.consequence}});
        if (!finding.remedy.empty())
            list.back().as_object()["remedy"] = finding.remedy;
    }
    boost::json::object object{{"kernel", machine.kernel}, {"root", machine.is_root}};
    if (machine.container)
        object["container"] = *machine.container;
    object["works"] = findings.front().state == enclave::Finding::State::yes;
    object["findings"] = std::move(list);
    return object;
}

Style style_of(enclave::Finding::State state) {
    switch (state) {
        case enclave::Finding::State::yes:
            return Style::good;
        case enclave::Finding::State::limited:
            return Style::warning;
        default:
            return Style::bad;
    }
}

void print_text(const enclave::Machine& machine, const std::vector<enclave::Finding>& findings,
                const Colors& colors) {
    std::cout << fmt::format(
        "Linux {}{}{}\n", machine.kernel, machine.is_root ? ", as root" : ", as an ordinary user",
        machine.container ? fmt::format(", in a container ({})", *machine.container) : "");
    for (const enclave::Finding& finding : findings) {
        std::cout << command_line::Painted{colors, style_of(finding.state),
                                           fmt::format("{:<8}", mark(finding.state))}
                  << fmt::format(" {}: {}\n", finding.subject, finding.consequence);
        if (!finding.remedy.empty())
            std::cout << fmt::format("{:<8} changed by: {}\n", "", finding.remedy);
    }
}

int diagnose(const Values& values) {
    // In a supervised tree the machine is to be judged as `glovebox run` will find it: from
    // outside.
    if (const auto status = enclave::run_through_outer_supervisor().value())
        return *status;
    const enclave::Machine machine = enclave::Machine::look();
    const auto findings = judge(machine);
    if (values.flag("--json"))
        print_json_document(as_json(machine, findings));
    else
        print_text(machine, findings, command_line::read_colors(values, STDOUT_FILENO));
    return findings.front().state == enclave::Finding::State::yes ? exit_done : exit_failed;
}

}  // namespace

Command doctor_command() {
    return {
        .name = "doctor",
        .summary = "Report what this machine supports and how to change it",
        .description = {"Looks at the machine, changes nothing and needs no privileges. Inside "
                        "`glovebox parent` and `glovebox run --isolation none` it looks at the "
                        "machine outside, because `glovebox run` starts its enclaves there."},
        .options = {json_option("Print a JSON object: kernel, root, container, works and "
                                "findings, each with subject, state (yes, limited or no), "
                                "consequence and remedy"),
                    command_line::color_option()},
        .examples = {{"Look at this machine", "glovebox doctor"},
                     {"Print whether enclaves can run here", "glovebox doctor --json | jq .works"},
                     {"Skip a test where programs cannot be supervised",
                      "glovebox doctor >/dev/null || exit 0"}},
        .exit_codes = {{"0", "glovebox run works here"}, {"1", "it does not"}},
        .see_also = {"glovebox-run(1)"},
        .run = diagnose};
}

}  // namespace glovebox::cli
