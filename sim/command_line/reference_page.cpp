// SPDX-License-Identifier: Apache-2.0

// Reference pages for docs/commands, in Markdown.

#include <fmt/format.h>

#include <algorithm>

#include "sim/command_line/document.h"
#include "sim/command_line/help.h"
#include "sim/command_line/mistake.h"

namespace glovebox::command_line {
namespace {

// A cell of a table must not end the cell, nor be read as HTML outside of code.
std::string cell(std::string_view text) {
    std::string result;
    bool is_code = false;
    for (const char c : text) {
        if (c == '`')
            is_code = !is_code;
        if (c == '|' || (!is_code && (c == '<' || c == '>' || c == '*')))
            result += '\\';
        result += c;
    }
    return result;
}

std::string code(std::string_view text) {
    return text.empty() ? "" : fmt::format("`{}`", cell(text));
}

std::string default_of(const Option& option) {
    if (!option.default_value.empty())
        return code(option.default_value);
    return cell(option.default_note);
}

std::string description_of(const Option& option) {
    std::string text = cell(option.summary);
    if (option.kind == Kind::choice) {
        std::string choices;
        for (const std::string_view choice : option.choices)
            choices += (choices.empty() ? "" : ", ") + code(choice);
        text += ". One of " + choices;
    }
    if (option.repeat != Repeat::no && !option.is_positional())
        text += ". Repeatable";
    if (!option.variable.empty())
        text += fmt::format(". Environment: `{}`", option.variable);
    return text + ".";
}

std::string table_of(const std::vector<const Option*>& options, std::string_view first) {
    const bool has_defaults = std::any_of(options.begin(), options.end(), [](const Option* option) {
        return !default_of(*option).empty();
    });
    std::string text = has_defaults
                           ? fmt::format("| {} | Default | Description |\n|---|---|---|\n", first)
                           : fmt::format("| {} | Description |\n|---|---|\n", first);
    for (const Option* option : options) {
        std::string preset = default_of(*option);
        if (option->is_required)
            preset = has_defaults ? "required" : "";
        text += fmt::format(
            "| {} |{}{} |\n", code(spelled(*option)),
            has_defaults ? fmt::format(" {} | ", preset) : " ",
            (option->is_required && !has_defaults ? "Required. " : "") + description_of(*option));
    }
    return text;
}

std::string option_tables(const Path& path, std::string_view level) {
    std::vector<std::pair<std::string_view, std::vector<const Option*>>> groups;
    for (const Option& option : path.back()->options) {
        auto group = std::find_if(groups.begin(), groups.end(),
                                  [&](const auto& one) { return one.first == option.group; });
        if (group == groups.end())
            group = groups.insert(group, {option.group, {}});
        group->second.push_back(&option);
    }
    std::string text;
    for (const auto& [heading, options] : groups)
        text += fmt::format("{} {}\n\n{}\n", level, heading.empty() ? "Options" : heading,
                            table_of(options, "Option"));
    return text;
}

std::string fenced(std::string_view text) {
    return fmt::format("```\n{}\n```\n\n", text);
}

template <class Row>
std::string small_table(std::string_view level, std::string_view heading, std::string_view first,
                        const std::vector<Row>& rows, std::string_view (*term)(const Row&),
                        std::string_view (*text)(const Row&)) {
    if (rows.empty())
        return {};
    std::string table =
        fmt::format("{} {}\n\n| {} | Meaning |\n|---|---|\n", level, heading, first);
    for (const Row& row : rows)
        table += fmt::format("| {} | {} |\n", code(term(row)), cell(text(row)));
    return table + "\n";
}

// A link where the page is one of these; "glovebox-nsm-pcr(1)" stands on the page of glovebox-nsm.
std::string link_to(std::string_view page) {
    const std::string name(page.substr(0, page.find('(')));
    std::string file = name;
    if (name.starts_with("glovebox-"))
        if (const std::size_t end = name.find('-', std::string_view("glovebox-").size());
            end != std::string::npos)
            file = name.substr(0, end);
    if (name == "glovebox")
        file = "README";
    return fmt::format("[{}]({}.md)", name, file);
}

std::string text_of(const Path& path, std::string_view level) {
    const Command& command = *path.back();
    const std::string below = std::string(level) + "#";
    std::string text = fmt::format("{} {}\n\n{}.\n\n", level, name_of(path), command.summary);
    text += fenced(usage_of(path));
    for (const std::string_view paragraph : command.description)
        text += fmt::format("{}\n\n", paragraph);
    if (!command.positionals.empty()) {
        std::vector<const Option*> positionals;
        for (const Option& positional : command.positionals)
            positionals.push_back(&positional);
        text += fmt::format("{} Arguments\n\n{}\n", below, table_of(positionals, "Argument"));
    }
    text += option_tables(path, below);
    for (const Section& section : command.sections)
        text += fmt::format(
            "{} {}\n\n{}", below, section.heading,
            section.is_verbatim ? fenced(section.text) : fmt::format("{}\n\n", section.text));
    if (!command.examples.empty()) {
        text += fmt::format("{} Examples\n\n", below);
        for (const Example& example : command.examples)
            text += fmt::format("{}:\n\n```sh\n{}\n```\n\n", example.caption, example.lines);
    }
    text += small_table<ExitCode>(
        below, "Exit status", "Status", command.exit_codes,
        [](const ExitCode& one) { return one.code; },
        [](const ExitCode& one) { return one.meaning; });
    text += small_table<Variable>(
        below, "Environment", "Variable", command.variables,
        [](const Variable& one) { return one.name; },
        [](const Variable& one) { return one.meaning; });
    std::string links;
    for (const std::string_view page : command.see_also)
        links += (links.empty() ? "" : ", ") + link_to(page);
    if (!links.empty())
        text += fmt::format("See also: {}.\n\n", links);
    for (const Command& one : command.subcommands) {
        if (one.is_hidden)
            continue;
        Path deeper = path;
        deeper.push_back(&one);
        text += text_of(deeper, below);
    }
    return text;
}

Document page_of(const Path& path, std::string_view level) {
    const std::string name = page_name(path);
    std::string text =
        fmt::format("<!-- Made by \"glovebox describe markdown\". -->\n\n{}", text_of(path, level));
    text.pop_back();  // the empty line behind the last paragraph
    return {name, name + ".md", std::move(text)};
}

}  // namespace

std::vector<Document> reference_pages(const Program& program) {
    std::vector<Document> pages;
    const Command& root = program.root;
    const bool has_pages = std::any_of(root.subcommands.begin(), root.subcommands.end(),
                                       [](const Command& one) { return one.is_program; });
    if (!has_pages)
        return {page_of({&root}, "#")};
    std::string index = fmt::format(
        "<!-- Made by \"glovebox describe markdown\". -->\n\n# Commands\n\n{}.\n\n| Command | What "
        "it does |\n|---|---|\n",
        root.summary);
    for (const Command& command : root.subcommands) {
        if (command.is_hidden)
            continue;
        const Path path{&root, &command};
        const std::string name = command.is_program ? std::string(command.name) : page_name(path);
        index += fmt::format("| [{}]({}.md) | {} |\n", name, name, cell(command.summary));
        if (!command.is_program)
            pages.push_back(page_of(path, "#"));
    }
    index += "\n" + small_table<ExitCode>(
                        "##", "Exit status", "Status", root.exit_codes,
                        [](const ExitCode& one) { return one.code; },
                        [](const ExitCode& one) { return one.meaning; });
    index.pop_back();
    pages.push_back({std::string(root.name), "README.md", std::move(index)});
    return pages;
}

}  // namespace glovebox::command_line
