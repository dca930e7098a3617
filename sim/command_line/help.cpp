// SPDX-License-Identifier: Apache-2.0

#include "sim/command_line/help.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/command_line/mistake.h"

namespace glovebox::command_line {
namespace {

constexpr std::size_t width = 80;
constexpr std::size_t summary_column = 26;

std::string joined_notes(const Option& option) {
    std::string text;
    for (const std::string& note : notes_of(option))
        text += (text.empty() ? " [" : "; ") + note;
    return text.empty() ? text : text + "]";
}

std::string row(std::string_view term, std::string_view text) {
    const std::string wrapped_text = wrapped(text, width, summary_column);
    // A long term has a line of its own.
    if (term.size() + 4 > summary_column)
        return fmt::format("  {}\n{:{}}{}\n", term, "", summary_column, wrapped_text);
    return fmt::format("  {:<{}}{}\n", term, summary_column - 2, wrapped_text);
}

std::string row_of(const Option& option) {
    return row(spelled(option), std::string(option.summary) + joined_notes(option));
}

// Under their headings, in the order in which these come first.
std::string options_text(const Program& program, const Path& path) {
    struct Group {
        std::string_view heading;
        std::string rows;
    };
    std::vector<Group> groups{{"Options", ""}};
    const auto add = [&groups](const Option& option) {
        const std::string_view heading = option.group.empty() ? "Options" : option.group;
        auto group = std::find_if(groups.begin(), groups.end(),
                                  [&](const Group& one) { return one.heading == heading; });
        if (group == groups.end())
            group = groups.insert(group, Group{heading, ""});
        group->rows += row_of(option);
    };
    for (const Option* option : options_of(path))
        add(*option);
    for (const Option& option : common_options(program, path))
        add(option);
    std::string text;
    for (const Group& group : groups)
        text += fmt::format("\n{}:\n{}", group.heading, group.rows);
    return text;
}

std::string commands_text(const Command& command, bool with_help) {
    std::string text;
    for (const Command& below : command.subcommands)
        if (!below.is_hidden)
            text += row(below.name, below.summary);
    if (with_help)
        text += row("help", "Print this, or the help of a command");
    return text.empty() ? text : "\nCommands:\n" + text;
}

std::string indented(std::string_view lines, std::string_view indent) {
    std::string text;
    while (!lines.empty()) {
        const std::size_t end = std::min(lines.find('\n'), lines.size());
        text.append(end == 0 ? "" : indent).append(lines.substr(0, end)).append("\n");
        lines.remove_prefix(std::min(end + 1, lines.size()));
    }
    return text;
}

std::string examples_text(const Command& command) {
    std::string text;
    for (const Example& example : command.examples)
        text += fmt::format("{}  {}\n{}", text.empty() ? "\nExamples:\n" : "",
                            wrapped(fmt::format("{}:", example.caption), width, 2),
                            indented(example.lines, "    "));
    return text;
}

}  // namespace

std::string wrapped(std::string_view text, std::size_t columns, std::size_t indent) {
    std::string lines;
    std::size_t column = indent;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(' '), text.size());
        const std::string_view word = text.substr(0, end);
        if (column > indent && column + 1 + word.size() > columns) {
            lines.append("\n").append(indent, ' ');
            column = indent;
        } else if (column > indent) {
            lines += ' ';
            ++column;
        }
        lines.append(word);
        column += word.size();
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

std::vector<std::string> notes_of(const Option& option) {
    std::vector<std::string> notes;
    if (option.kind == Kind::choice) {
        std::string choices;
        for (const std::string_view choice : option.choices)
            choices.append(choices.empty() ? "" : ", ").append(choice);
        notes.push_back("one of: " + choices);
    }
    if (option.repeat != Repeat::no && !option.is_positional())
        notes.emplace_back("repeatable");
    if (option.is_required && !option.is_positional())
        notes.emplace_back("required");
    if (!option.default_value.empty())
        notes.push_back(fmt::format("default: {}", option.default_value));
    if (!option.default_note.empty())
        notes.push_back(fmt::format("default: {}", option.default_note));
    if (!option.variable.empty())
        notes.push_back(fmt::format("environment: {}", option.variable));
    return notes;
}

std::string spelled(const Option& option) {
    return option.letter == 0 ? written(option)
                              : fmt::format("-{}, {}", option.letter, written(option));
}

std::vector<Option> common_options(const Program& program, const Path& path) {
    std::vector<Option> options{{.name = "--help",
                                 .letter = 'h',
                                 .kind = Kind::flag,
                                 .summary = "Print this help and exit"}};
    if (path.size() == 1)
        options.push_back({.name = "--version",
                           .letter = program.version_letter,
                           .kind = Kind::flag,
                           .summary = "Print the version and exit"});
    return options;
}

std::string help_of(const Program& program, const Path& path) {
    const Command& command = *path.back();
    std::string text = fmt::format("{}.\n\nUsage: {}\n", command.summary, usage_of(path));
    if (!command.subcommands.empty() && command.run != nullptr)
        text += fmt::format("       {} COMMAND\n", name_of(path));
    for (const std::string_view paragraph : command.description)
        text += "\n" + wrapped(paragraph, width, 0) + "\n";
    text += commands_text(command, path.size() == 1);
    std::string arguments;
    for (const Option& positional : command.positionals)
        arguments += row_of(positional);
    if (!arguments.empty())
        text += "\nArguments:\n" + arguments;
    text += options_text(program, path);
    for (const Section& section : command.sections)
        text += fmt::format("\n{}:\n{}", section.heading,
                            section.is_verbatim ? indented(section.text, "  ")
                                                : "  " + wrapped(section.text, width, 2) + "\n");
    text += examples_text(command);
    std::string rows;
    for (const Variable& variable : command.variables)
        rows += row(variable.name, variable.meaning);
    if (!rows.empty())
        text += "\nEnvironment:\n" + rows;
    rows.clear();
    for (const ExitCode& code : command.exit_codes)
        rows += row(code.code, code.meaning);
    if (!rows.empty())
        text += "\nExit status:\n" + rows;
    return text;
}

}  // namespace glovebox::command_line
