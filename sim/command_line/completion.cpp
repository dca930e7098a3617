// SPDX-License-Identifier: Apache-2.0

#include "sim/command_line/completion.h"

#include <algorithm>

#include "sim/command_line/document.h"
#include "sim/command_line/help.h"

namespace glovebox::command_line {

Offer offer_of(const Option& option) {
    switch (option.completion) {
        case Completion::world:
            return Offer::world;
        case Completion::running_enclave:
            return Offer::running_enclave;
        case Completion::any_enclave:
            return Offer::any_enclave;
        case Completion::program:
            return Offer::program;
        case Completion::by_kind:
            break;
    }
    switch (option.kind) {
        case Kind::choice:
            return Offer::words;
        case Kind::file:
            return Offer::file;
        case Kind::directory:
            return Offer::directory;
        default:
            return Offer::nothing;
    }
}

std::string words_of(const Option& option) {
    std::string words;
    for (const std::string_view choice : option.choices)
        words.append(words.empty() ? "" : " ").append(choice);
    return words;
}

std::vector<Option> completed_options(const Program& program, const Path& path) {
    std::vector<Option> options;
    for (const Option* option : options_of(path))
        options.push_back(*option);
    for (Option& option : common_options(program, path))
        options.push_back(std::move(option));
    return options;
}

std::string function_of(const Path& path) {
    std::string name = "_" + page_name(path);
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
}

std::string shell_quoted(std::string_view text) {
    return "'" + replaced(text, "'", "'\\''") + "'";
}

std::string replaced(std::string_view text, std::string_view from, std::string_view to) {
    std::string result;
    for (;;) {
        const std::size_t at = text.find(from);
        result.append(text.substr(0, at));
        if (at == std::string_view::npos)
            return result;
        result.append(to);
        text.remove_prefix(at + from.size());
    }
}

}  // namespace glovebox::command_line
