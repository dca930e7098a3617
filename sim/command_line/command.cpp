// SPDX-License-Identifier: Apache-2.0

#include "sim/command_line/command.h"

#include <algorithm>

namespace glovebox::command_line {

Options joined(std::initializer_list<Options> groups) {
    Options all;
    for (const Options& group : groups)
        all.insert(all.end(), group.begin(), group.end());
    return all;
}

const Command* Command::find(std::string_view subcommand) const {
    const auto found =
        std::find_if(subcommands.begin(), subcommands.end(),
                     [subcommand](const Command& one) { return one.name == subcommand; });
    return found == subcommands.end() ? nullptr : &*found;
}

std::string name_of(const Path& path) {
    std::string name;
    for (const Command* command : path)
        name.append(name.empty() ? "" : " ").append(command->name);
    return name;
}

std::vector<const Option*> options_of(const Path& path) {
    std::vector<const Option*> options;
    for (const Command* command : path)
        if (command == path.back() || command->run == nullptr)
            for (const Option& option : command->options)
                options.push_back(&option);
    return options;
}

}  // namespace glovebox::command_line
