// SPDX-License-Identifier: Apache-2.0

// The documents that are made from a program's description: manual pages, completion for shells,
// reference pages for docs/.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "sim/command_line/command.h"

namespace glovebox::command_line {

struct Document {
    std::string name;  // "glovebox-run", or the program's name
    std::string file;  // the name under which it is installed: "glovebox-run.1"
    std::string text;
};

// Manual pages of section 1, one for each command. `date` appears on them: "2026-01-31".
[[nodiscard]] std::vector<Document> man_pages(const Program& program, std::string_view date);

// Reference pages in Markdown, one for each command directly below the program, with its
// subcommands.
[[nodiscard]] std::vector<Document> reference_pages(const Program& program);

[[nodiscard]] Document bash_completion(const Program& program);
[[nodiscard]] Document zsh_completion(const Program& program);
[[nodiscard]] Document fish_completion(const Program& program);

// Writes each to its file in a folder, which is made where it is missing.
[[nodiscard]] Result<void> write_documents(const std::string& folder,
                                           const std::vector<Document>& documents);

// Every command of a program that is not hidden, from the root down. Without `with_programs`,
// commands that are programs of their own are left out.
[[nodiscard]] std::vector<Path> commands_of(const Program& program, bool with_programs);

// The name of a command's page: "glovebox-nsm-pcr".
[[nodiscard]] std::string page_name(const Path& path);

}  // namespace glovebox::command_line
