// SPDX-License-Identifier: Apache-2.0

// glovebox describe: manual pages and reference pages, made of the descriptions.

#include <fmt/format.h>

#include <iostream>

#include "sim/cli/commands.h"
#include "sim/cli/programs.h"
#include "sim/command_line/document.h"

namespace glovebox::cli {
namespace {

using command_line::Document;

std::vector<Document> documents(const std::string& form, const std::string& date) {
    std::vector<Document> all;
    const auto add = [&all](std::vector<Document> some) {
        all.insert(all.end(), some.begin(), some.end());
    };
    for (const Program& program : all_programs())
        add(form == "man" ? command_line::man_pages(program, date)
                          : command_line::reference_pages(program));
    return all;
}

int describe_programs(const Values& values) {
    const std::vector<Document> all = documents(values.text("FORM"), values.text("--date"));
    if (const auto folder = values.find_text("--output")) {
        command_line::write_documents(*folder, all).value();
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
            .summary = "Print manual pages or reference pages",
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
                             .choices = {"man", "markdown"},
                             .is_required = true,
                             .summary = "What to print"},
                            {.name = "NAME", .summary = "Which page", .default_note = "glovebox"}},
            .examples = {{"Read a manual page that is not installed",
                          "glovebox describe man glovebox-run | man -l -"}},
            .run = describe_programs,
            .is_hidden = true};
}

}  // namespace glovebox::cli
