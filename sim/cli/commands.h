// SPDX-License-Identifier: Apache-2.0

// The commands of `glovebox`, one function each: a command's description, with what runs it.
//
// A failure may be thrown as ErrorException; main prints it.
#pragma once

#include <string>

#include "sim/command_line/command.h"
#include "sim/command_line/exit_status.h"
#include "sim/command_line/values.h"

namespace glovebox::cli {

using command_line::Command;
using command_line::Completion;
using command_line::exit_done;
using command_line::exit_failed;
using command_line::exit_usage;
using command_line::Kind;
using command_line::Option;
using command_line::Options;
using command_line::Program;
using command_line::Repeat;
using command_line::UsageError;
using command_line::Values;

[[nodiscard]] Command clean_command();
[[nodiscard]] Command compare_command();
[[nodiscard]] Command completion_command();
[[nodiscard]] Command describe_programs_command();
[[nodiscard]] Command doctor_command();
[[nodiscard]] Command eif_command();
[[nodiscard]] Command exec_command();
[[nodiscard]] Command fault_command();
[[nodiscard]] Command forward_command();
[[nodiscard]] Command imds_command();
[[nodiscard]] Command inspect_command();
[[nodiscard]] Command kms_command();
[[nodiscard]] Command logs_command();
[[nodiscard]] Command merge_command();
[[nodiscard]] Command nitro_command();
[[nodiscard]] Command nsm_command();
[[nodiscard]] Command parent_command();
[[nodiscard]] Command part_command();
[[nodiscard]] Command pki_command();
[[nodiscard]] Command proxy_command();
[[nodiscard]] Command ps_command();
[[nodiscard]] Command run_command();
[[nodiscard]] Command stop_command();
[[nodiscard]] Command top_command();
[[nodiscard]] Command up_command();
[[nodiscard]] Command verify_command();
[[nodiscard]] Command version_command();
[[nodiscard]] Command vm_command();
[[nodiscard]] Command worlds_command();

// A check of a value by the function that reads it.
template <auto parse>
std::string problem_by(const std::string& text) {
    const auto parsed = parse(text);
    return parsed ? std::string() : parsed.error().message;
}

}  // namespace glovebox::cli
