// glovebox doctor: what this machine can do, what follows, and what would change it.

#include <CLI/CLI.hpp>

#include <fmt/format.h>

#include <iostream>
#include <memory>

#include "sim/cli/program_option.h"
#include "sim/cli/subcommand.h"
#include "sim/enclave/machine.h"

namespace glovebox::cli {
namespace {

constexpr const char* examples = R"(Examples:
  glovebox doctor
  glovebox doctor || echo "programs can't be supervised here"

Looks at the machine, changes nothing, needs no privileges. The exit status is 0 when `glovebox run`
works here, else 1. Inside of `glovebox parent` and of `run --isolation none` it looks from outside,
from where `glovebox run` starts its enclaves too.)";

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

int diagnose() {
    // In a supervised tree the machine is to be judged as `glovebox run` will find it: from
    // outside.
    if (const auto status = run_from_outside())
        return *status;
    const enclave::Machine machine = enclave::Machine::look();
    std::cout << fmt::format(
        "Linux {}{}{}\n", machine.kernel, machine.is_root ? ", as root" : ", as an ordinary user",
        machine.container ? fmt::format(", in a container ({})", *machine.container) : "");
    const auto findings = judge(machine);
    for (const enclave::Finding& finding : findings) {
        std::cout << fmt::format("{:<8} {}: {}\n", mark(finding.state), finding.subject,
                                 finding.consequence);
        if (!finding.remedy.empty())
            std::cout << fmt::format("{:<8} changed by: {}\n", "", finding.remedy);
    }
    return findings.front().state == enclave::Finding::State::yes ? exit_done : exit_failed;
}

}  // namespace

void add_doctor_command(CLI::App& app, int& exit_status) {
    CLI::App& command = *app.add_subcommand(
        "doctor", "What this machine can do, what follows, and what would change it");
    command.footer(examples);
    command.callback([&exit_status] { exit_status = diagnose(); });
}

}  // namespace glovebox::cli
