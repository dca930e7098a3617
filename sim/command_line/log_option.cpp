// SPDX-License-Identifier: Apache-2.0

#include "sim/command_line/log_option.h"

#include <unistd.h>

#include <array>
#include <limits>

#include "core/base/workflow_commands.h"
#include "sim/command_line/color_option.h"

namespace glovebox::command_line {
namespace {

constexpr std::string_view group = "Log";

constexpr std::array<std::pair<std::string_view, LogLevel>, 4> levels{
    {{"debug", LogLevel::debug},
     {"info", LogLevel::info},
     {"warning", LogLevel::warning},
     {"error", LogLevel::error}}};

}  // namespace

Options log_options(std::string_view level) {
    Option color = color_option();
    color.group = group;
    return {{.name = "--log-level",
             .kind = Kind::choice,
             .placeholder = "LEVEL",
             .noun = "a level",
             .choices = {"debug", "info", "warning", "error"},
             .summary = "Write messages of this level and above",
             .default_value = level,
             .group = group},
            {.name = "--log-file",
             .kind = Kind::file,
             .placeholder = "FILE",
             .summary = "Append the log to this file instead of writing it to standard error; "
                        "several processes may share one",
             .group = group},
            {.name = "--log-json",
             .kind = Kind::flag,
             .summary = "Write one JSON object per line: time, level, component, event, message, "
                        "and the fields of docs/logs.md",
             .group = group},
            color};
}

Option log_rate_option() {
    return {.name = "--log-rate",
            .kind = Kind::number,
            .placeholder = "N",
            .noun = "a number of lines",
            .most = std::numeric_limits<std::size_t>::max(),
            .summary =
                "Write at most this many lines a second about connections, and one line "
                "with the number of those left out; 0 for all",
            .default_value = "0",
            .group = group};
}

LogOptions read_log_options(const Values& values, std::string component) {
    LogOptions options;
    options.component = std::move(component);
    const std::string wanted = values.text("--log-level");
    for (const auto& [name, level] : levels)
        if (name == wanted)
            options.level = level;
    options.file = values.text("--log-file");
    options.json = values.flag("--log-json");
    options.colors = read_colors(values, STDERR_FILENO);
    options.is_workflow_step = is_workflow_step();
    return options;
}

std::unique_ptr<Log> make_log(const Values& values, std::string component) {
    return make_log(read_log_options(values, std::move(component)));
}

}  // namespace glovebox::command_line
