// SPDX-License-Identifier: Apache-2.0

// The mistakes of a command line, and their messages. Next to each kind are the members that it
// uses.
#pragma once

#include <string>

#include "sim/command_line/command.h"

namespace glovebox::command_line {

struct Mistake {
    enum class Kind {
        unknown_option,     // word, detail: the line with "--" before the program, or nothing
        unknown_command,    // word
        missing_command,    //
        unexpected_word,    // word
        unexpected_value,   // option, word: a value for a flag
        missing_value,      // option
        hyphen_value,       // option, word: the next option where the value should be
        missing_option,     // options: one of them is required
        repeated,           // option
        contradiction,      // option, word, other: a map's key with two values
        bad_value,          // option, word, detail
        excluded,           // option, other option
        needed,             // option, other option
        of_another_command  // word: an option of a command above, given before the subcommand
    };

    Kind kind;
    Path path;  // the command that was being read
    std::string word{};
    std::string detail{};
    std::vector<const Option*> options{};
    bool is_variable = false;  // the value came from the option's environment variable
};

// The message for standard error: one or more lines.
[[nodiscard]] std::string explain(const Mistake& mistake, Dialect dialect);

// An option with its value, as help and messages write it: "--output FILE", "PROGRAM".
[[nodiscard]] std::string written(const Option& option);

// The usage line: "glovebox logs [OPTIONS] [CID]".
[[nodiscard]] std::string usage_of(const Path& path);

}  // namespace glovebox::command_line
