// SPDX-License-Identifier: Apache-2.0

// What the three shells' completions have in common.
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

// What a shell offers for the value of an option or for an argument.
[[nodiscard]] Offer offer_of(const Option& option);

// "sandbox none": the words of Offer::words.
[[nodiscard]] std::string words_of(const Option& option);

// The options of a command, --help among them.
[[nodiscard]] std::vector<Option> completed_options(const Program& program, const Path& path);

// The name of a function: "_glovebox_nsm_pcr".
[[nodiscard]] std::string function_of(const Path& path);

// 'It'\''s': what sh, zsh and fish read as one word.
[[nodiscard]] std::string shell_quoted(std::string_view text);

// The text with each `from` replaced by `to`.
[[nodiscard]] std::string replaced(std::string_view text, std::string_view from,
                                   std::string_view to);

}  // namespace glovebox::command_line
