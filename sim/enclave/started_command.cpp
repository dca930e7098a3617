// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/started_command.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace glovebox::enclave {
namespace {

constexpr std::array<std::string_view, 17> starters{
    "catatonit", "chrt",    "dumb-init", "env",     "gosu",   "ionice",
    "nice",      "nohup",   "prlimit",   "setpriv", "setsid", "stdbuf",
    "su-exec",   "taskset", "time",      "timeout", "tini"};

std::string_view name_of(std::string_view program) {
    return program.substr(program.find_last_of('/') + 1);
}

bool is_starter(std::span<const std::string> command) {
    const std::string_view name = name_of(command.front());
    if (name == "glovebox")
        return command.size() > 1 && (command[1] == "forward" || command[1] == "proxy");
    return std::find(starters.begin(), starters.end(), name) != starters.end();
}

}  // namespace

std::span<const std::string> started_command(
    const std::vector<std::string>& arguments,
    const std::function<bool(const std::string&)>& is_program) {
    std::span<const std::string> command(arguments);
    while (!command.empty() && is_starter(command)) {
        const auto program = std::find_if(command.begin() + 1, command.end(), is_program);
        if (program == command.end())
            break;
        command = {program, command.end()};
    }
    return command;
}

}  // namespace glovebox::enclave
