// SPDX-License-Identifier: Apache-2.0

// The common part of the completions for bash, zsh and fish.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sim/command_line/command.h"

namespace glovebox::command_line {

enum class Offer {
    nothing,
    words,
    file,
    directory,
    world,
    running_enclave,
    any_enclave,
    program,
};

// What a shell offers for the value of an option or for a positional argument.
[[nodiscard]] Offer offer_of(const Option& option);

// The words of Offer::words, separated by blanks: "sandbox none".
[[nodiscard]] std::string words_of(const Option& option);

// The options of a command, --help included.
[[nodiscard]] std::vector<Option> completed_options(const Program& program, const Path& path);

// The name of the shell function for a command: "_glovebox_nsm_pcr".
[[nodiscard]] std::string function_of(const Path& path);

// The text as one word of sh, zsh and fish: 'It'\''s'.
[[nodiscard]] std::string shell_quoted(std::string_view text);

// The text with every `from` replaced by `to`.
[[nodiscard]] std::string replaced(std::string_view text, std::string_view from,
                                   std::string_view to);

}  // namespace glovebox::command_line
