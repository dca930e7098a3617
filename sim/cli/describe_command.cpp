// SPDX-License-Identifier: Apache-2.0

// glovebox describe: manual pages, completion and reference pages, made of the descriptions.

#include <fmt/format.h>

#include <filesystem>
#include <iostream>

#include "sim/cli/commands.h"
#include "sim/cli/programs.h"
#include "sim/command_line/bytes_argument.h"
#include "sim/command_line/document.h"

namespace glovebox::cli {
namespace {

using command_line::Document;

std::vector<Document> documents(const std::string& form, const std::string& date) {
    std::vector<Document> all;
    const auto add = [&all](std::vector<Document> some) {
        all.insert(all.end(), some.begin(), some.end());
    };
    for (const Program& program : all_programs()) {
        if (form == "man")
            add(command_line::man_pages(program, date));
        else if (form == "markdown")
            add(command_line::reference_pages(program));
        else
            all.push_back(form == "bash"  ? command_line::bash_completion(program)
                          : form == "zsh" ? command_line::zsh_completion(program)
                                          : command_line::fish_completion(program));
    }
    return all;
}

int describe_programs(const Values& values) {
    const std::vector<Document> all = documents(values.text("FORM"), values.text("--date"));
    if (const auto folder = values.find_text("--output")) {
        std::filesystem::create_directories(*folder);
        for (const Document& document : all)
            command_line::write_file(*folder + "/" + document.file, as_bytes(document.text))
                .value();
        return exit_done;
    }
    const std::string name = values.find_text("NAME").value_or("glovebox");
    for (const Document& document : all)
        if (document.name == name) {
            std::cout << document.text;
            return exit_done;
        }
    throw UsageError(fmt::format("there is no page \"{}\"; one is named as glovebox-run is", name));
}

}  // namespace

Command describe_programs_command() {
    return {.name = "describe",
            .summary = "Print manual pages, completion or reference pages",
            .options = {{.name = "--output",
                         .letter = 'o',
                         .kind = Kind::directory,
                         .placeholder = "DIR",
                         .excludes = {"NAME"},
                         .summary = "Write all of the form to this directory"},
                        {.name = "--date",
                         .placeholder = "YYYY-MM-DD",
                         .summary = "The date that manual pages bear"}},
            .positionals = {{.name = "FORM",
                             .kind = Kind::choice,
                             .noun = "a form",
                             .choices = {"man", "markdown", "bash", "zsh", "fish"},
                             .is_required = true,
                             .summary = "What to print"},
                            {.name = "NAME",
                             .summary = "Which page, or whose completion",
                             .default_note = "glovebox"}},
            .examples = {{"Read a manual page that is not installed",
                          "glovebox describe man glovebox-run | man -l -"},
                         {"Complete in this shell", "source <(glovebox describe bash)"}},
            .run = describe_programs,
            .is_hidden = true};
}

}  // namespace glovebox::cli
