// SPDX-License-Identifier: Apache-2.0

#include "sim/nitro_cli/error_log.h"

#include <fmt/core.h>
#include <unistd.h>

#include <fstream>
#include <system_error>

#include "core/base/printable.h"
#include "sim/nitro_cli/error.h"

namespace glovebox::nitro_cli {

namespace fs = std::filesystem;

Result<ErrorLog> ErrorLog::open(fs::path folder, std::string_view command, TimePoint now) {
    std::error_code code;
    fs::create_directories(folder, code);
    ErrorLog log(std::move(folder));
    const fs::path path = log.folder_ / "nitro_enclaves.log";
    if (!std::ofstream(path, std::ios::app))
        return file_error("The log can't be opened: NITRO_CLI_LOGS_PATH names its folder.",
                          path.string(), "Open");
    log.append_line("INFO", fmt::format("nitro-cli {}", command), now);
    return log;
}

// Messages may have several lines, as AWS's do.
void ErrorLog::append_line(std::string_view level, std::string_view text, TimePoint now) const {
    std::ofstream(folder_ / "nitro_enclaves.log", std::ios::app) << fmt::format(
        "[nitro-cli:{}][{}][{}] {}\n", ::getpid(), level, format_time(now), printable_lines(text));
}

std::string ErrorLog::report(const Error& error, std::string_view command, TimePoint now) const {
    append_line("ERROR", error.message, now);
    std::string time = format_time(now);
    time.replace(time.size() - 1, 1, "000000+00:00");  // as RFC 3339 with nanoseconds
    const fs::path path = folder_ / fmt::format("err{}.log", time);
    std::ofstream file(path);
    file << fmt::format(
        "  Action: {}\n  Subactions:\n    {}\n  Root error file: glovebox\n"
        "  Root error line: 0\n  Version: {}\n",
        command, printable_lines(error.message), GLOVEBOX_VERSION);
    file.close();
    return file ? path.string() : std::string();
}

}  // namespace glovebox::nitro_cli
