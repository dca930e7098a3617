// SPDX-License-Identifier: Apache-2.0

// What is made of a program's description for others to read: manual pages, the shells' completion,
// reference pages for docs/.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sim/command_line/command.h"

namespace glovebox::command_line {

struct Document {
    std::string name;  // of the page: "glovebox-run", or of the program
    std::string file;  // its name where it is installed: "glovebox-run.1"
    std::string text;
};

// Manual pages of section 1 for man(1), one for each command. `date` is what they bear,
// "2026-01-31".
[[nodiscard]] std::vector<Document> man_pages(const Program& program, std::string_view date);

// Reference pages in Markdown, one for each command that stands below the program, with its
// subcommands.
[[nodiscard]] std::vector<Document> reference_pages(const Program& program);

[[nodiscard]] Document bash_completion(const Program& program);
[[nodiscard]] Document zsh_completion(const Program& program);
[[nodiscard]] Document fish_completion(const Program& program);

// Every command of a program that is not hidden, with its path, from the root down. Commands that
// are programs of their own (`is_program`) are passed over where `with_programs` is false.
[[nodiscard]] std::vector<Path> commands_of(const Program& program, bool with_programs);

// "glovebox-nsm-pcr", the page of a command.
[[nodiscard]] std::string page_name(const Path& path);

}  // namespace glovebox::command_line
