// SPDX-License-Identifier: Apache-2.0

// How a command says that it has failed: "glovebox: SENTENCE" on standard error for people, and
// with --log-json one line in the form of its log:
//
//   {"time":...,"level":"error","component":"glovebox","event":"failed","message":"SENTENCE"}
//
// A command's log may not exist yet, or may be a file: failures are on standard error always.
#pragma once

#include <exception>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/command_line/command.h"
#include "sim/command_line/values.h"

namespace glovebox::command_line {

// Whether a failure of the command is a JSON line: it has --log-json, and that was given. `words`:
// the command line, for one that could not be parsed.
[[nodiscard]] bool fails_in_json(const Path& path, const std::vector<std::string>& words);
[[nodiscard]] bool fails_in_json(const Values& values);

// Writes the text, which ends in a line feed. The message of a JSON line is without that and
// without "NAME: " at the beginning. `name` is the program's: "glovebox".
void write_failure(std::string_view name, const std::string& text, bool in_json);

// The same for an exception's sentence, which is cut at 16 KiB, since it may quote a file. Writes
// nothing where standard output is lost, which finish_output() reports. Returns exit_failed.
[[nodiscard]] int report_failure(std::string_view name, const std::exception& exception,
                                 bool in_json);

// Writes sentences of this command's failures, for code that does not know of command lines.
[[nodiscard]] std::function<void(const std::string& sentence)> failure_writer(std::string_view name,
                                                                              const Values& values);

}  // namespace glovebox::command_line
