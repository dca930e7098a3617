// SPDX-License-Identifier: Apache-2.0

#include "sim/command_line/run_program.h"

#include <fmt/format.h>

#include <iostream>

#include "sim/command_line/exit_status.h"
#include "sim/command_line/failure.h"
#include "sim/command_line/help.h"
#include "sim/command_line/mistake.h"
#include "sim/command_line/parser.h"

namespace glovebox::command_line {

int run_program(const Program& program, const std::vector<std::string>& words) {
    const std::string_view program_name =
        program.error_name.empty() ? program.root.name : program.error_name;
    const Parsed parsed = parse(program, words);
    if (const auto* wanted = std::get_if<HelpWanted>(&parsed)) {
        std::cout << help_of(program, wanted->path);
        return exit_done;
    }
    if (std::holds_alternative<VersionWanted>(parsed)) {
        std::cout << program.version << '\n';
        return exit_done;
    }
    if (const auto* mistake = std::get_if<Mistake>(&parsed)) {
        // clap shows the help of a program that is called without arguments.
        const bool is_help =
            program.dialect == Dialect::clap && mistake->kind == Mistake::Kind::missing_command;
        write_failure(
            program_name,
            is_help ? help_of(program, mistake->path) : explain(*mistake, program.dialect),
            fails_in_json(mistake->path, words));
        return exit_usage;
    }
    const auto& values = std::get<Values>(parsed);
    const bool in_json = fails_in_json(values);
    try {
        return values.path().back()->run(values);
    } catch (const UsageError& error) {
        const std::string name = name_of(values.path());
        write_failure(program_name,
                      fmt::format("{0}: {1}\nTry \"{0} --help\".\n", name, error.what()), in_json);
        return exit_usage;
    } catch (const std::exception& error) {
        return report_failure(program_name, error, in_json);
    }
}

}  // namespace glovebox::command_line
