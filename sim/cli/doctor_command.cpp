// SPDX-License-Identifier: Apache-2.0

// glovebox doctor: what this machine can do, what follows, and what would change it.

#include <fmt/format.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <iostream>

#include "sim/cli/commands.h"
#include "sim/cli/findings.h"
#include "sim/cli/json_option.h"
#include "sim/command_line/color_option.h"
#include "sim/enclave/delegation.h"
#include "sim/enclave/machine.h"

namespace glovebox::cli {
namespace {

// Of JSON.
const char* name_of(Finding::State state) {
    switch (state) {
        case Finding::State::yes:
            return "yes";
        case Finding::State::limited:
            return "limited";
        default:
            return "no";
    }
}

boost::json::object as_json(const enclave::Machine& machine, const std::vector<Finding>& findings) {
    boost::json::array list;
    for (const Finding& finding : findings) {
        list.push_back({{"subject", finding.subject},
                        {"state", name_of(finding.state)},
                        {"consequence", finding.consequence}});
        if (!finding.remedy.empty())
            list.back().as_object()["remedy"] = finding.remedy;
    }
    boost::json::object object{{"kernel", machine.kernel}, {"root", machine.is_root}};
    if (machine.container)
        object["container"] = machine.container->mark;
    object["works"] = findings.front().state == Finding::State::yes;
    object["findings"] = std::move(list);
    return object;
}

void print_text(const enclave::Machine& machine, const std::vector<Finding>& findings,
                const Colors& colors) {
    std::cout << fmt::format(
        "Linux {}{}{}\n", machine.kernel, machine.is_root ? ", as root" : ", as an ordinary user",
        machine.container ? fmt::format(", in a container ({})", machine.container->mark) : "");
    print_findings(findings, "without", colors);
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
    return findings.front().state == Finding::State::yes ? exit_done : exit_failed;
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
