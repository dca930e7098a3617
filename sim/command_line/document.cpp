// SPDX-License-Identifier: Apache-2.0

#include "sim/command_line/document.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "sim/command_line/bytes_argument.h"

namespace glovebox::command_line {
namespace {

void add_commands(const Path& path, bool with_programs, std::vector<Path>& all) {
    all.push_back(path);
    for (const Command& command : path.back()->subcommands) {
        if (command.is_hidden || (command.is_program && !with_programs))
            continue;
        Path below = path;
        below.push_back(&command);
        add_commands(below, with_programs, all);
    }
}

}  // namespace

std::vector<Path> commands_of(const Program& program, bool with_programs) {
    std::vector<Path> all;
    add_commands({&program.root}, with_programs, all);
    return all;
}

Result<void> write_documents(const std::string& folder, const std::vector<Document>& documents) {
    std::error_code failure;
    std::filesystem::create_directories(folder, failure);
    if (failure)
        return errno_error("cannot create " + folder, failure.value());
    for (const Document& document : documents)
        if (auto written = write_file(folder + "/" + document.file, as_bytes(document.text));
            !written)
            return written;
    return {};
}

std::string page_name(const Path& path) {
    std::string name = name_of(path);
    std::replace(name.begin(), name.end(), ' ', '-');
    return name;
}

}  // namespace glovebox::command_line
