// SPDX-License-Identifier: Apache-2.0

// The folder of nitro-cli's logs: nitro_enclaves.log, and a report for each error.
//
// On an instance it is /var/log/nitro_enclaves. Here it is NITRO_CLI_LOGS_PATH, or a folder of the
// user's. If NITRO_CLI_LOGS_PATH cannot be written to, every command fails with E19, as with AWS's
// command.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/error.h"

namespace glovebox::nitro_cli {

class ErrorLog {
  public:
    // Makes the folder if it is missing, and appends a line about the command to
    // nitro_enclaves.log. E19 if that fails.
    [[nodiscard]] static Result<ErrorLog> open(std::filesystem::path folder,
                                               std::string_view command, TimePoint now);

    // Appends the error to the log and writes the report err<time>.log. Returns the report's path;
    // empty if it could not be written.
    [[nodiscard]] std::string report(const Error& error, std::string_view command,
                                     TimePoint now) const;

  private:
    explicit ErrorLog(std::filesystem::path folder) : folder_(std::move(folder)) {}
    void append_line(std::string_view level, std::string_view text, TimePoint now) const;
    std::filesystem::path folder_;
};

}  // namespace glovebox::nitro_cli
