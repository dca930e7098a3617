#include "sim/cli/duration_option.h"

#include <CLI/CLI.hpp>

#include "core/base/clock.h"

namespace glovebox::cli {

CLI::Option* add_duration_option(CLI::App& app, const std::string& name,
                                 std::chrono::milliseconds& value, const std::string& description) {
    return app
        .add_option_function<std::string>(
            name,
            [&value, name](const std::string& text) {
                const auto duration = parse_duration(text);
                if (!duration)
                    throw CLI::ValidationError(name, duration.error().message);
                if (*duration < duration->zero())
                    throw CLI::ValidationError(name, "\"" + text + "\" is less than no time");
                value = *duration;
            },
            description + " [" + format_duration(value) + "]")
        ->type_name("TIME");
}

}  // namespace glovebox::cli
