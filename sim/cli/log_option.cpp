#include "sim/cli/log_option.h"

#include <CLI/CLI.hpp>
#include <map>

namespace glovebox::cli {

void LogOption::add_to(CLI::App& app) {
    constexpr const char* group = "Log";
    static const std::map<std::string, LogLevel> levels{{"debug", LogLevel::debug},
                                                        {"info", LogLevel::info},
                                                        {"warning", LogLevel::warning},
                                                        {"error", LogLevel::error}};
    std::string least = "The least that is written";
    for (const auto& [name, level] : levels)
        if (level == options.level)
            least += " [" + name + "]";
    app.add_option_function<std::string>(
           "--log-level", [this](const std::string& name) { options.level = levels.at(name); },
           least)
        ->type_name("debug|info|warning|error")
        ->check([](const std::string& name) {
            return levels.contains(name) ? std::string()
                                         : "\"" + name +
                                               "\" is not a level: debug, info, warning or error "
                                               "was expected";
        })
        ->group(group);
    app.add_option("--log-file", options.file,
                   "Append to this file instead of writing to stderr; several processes may share "
                   "one")
        ->type_name("FILE")
        ->group(group);
    app.add_flag("--log-json", options.json, "One JSON object a line")->group(group);
}

std::unique_ptr<Log> LogOption::make(std::string component) const {
    LogOptions chosen = options;
    chosen.component = std::move(component);
    return make_log(chosen);
}

}  // namespace glovebox::cli
