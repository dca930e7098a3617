#include "sim/cli/clock_option.h"

#include <CLI/CLI.hpp>

namespace glovebox::cli {

CLI::Option* ClockOption::add_to(CLI::App& app) {
    return app
        .add_option("--clock", offset, "The clock's distance from the system's: +4h, -90s, 1h30m")
        ->type_name("OFFSET")
        ->check([](const std::string& text) {
            const auto parsed = parse_duration(text);
            return parsed ? std::string() : parsed.error().message;
        });
}

OffsetClock ClockOption::make() const {
    return OffsetClock(parse_duration(offset).value());
}

}  // namespace glovebox::cli
