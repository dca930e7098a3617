// SPDX-License-Identifier: Apache-2.0

// --log-level, --log-file and --log-json: where a command says what it does.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/base/log.h"
#include "sim/command_line/command.h"
#include "sim/command_line/values.h"

namespace glovebox::command_line {

// `level` is the default.
[[nodiscard]] Options log_options(std::string_view level = "info");

// --log-rate, of a command that logs connections; see core/base/limited_log.h.
[[nodiscard]] Option log_rate_option();

// What the options say, for the log of `component`, "proxy".
[[nodiscard]] LogOptions read_log_options(const Values& values, std::string component);

// Throws ErrorException when its file can't be opened.
[[nodiscard]] std::unique_ptr<Log> make_log(const Values& values, std::string component);

}  // namespace glovebox::command_line
