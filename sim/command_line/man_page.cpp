// SPDX-License-Identifier: Apache-2.0

// Manual pages in the man(7) language. `mandoc -T lint` has nothing to say of them.

#include <fmt/format.h>

#include <algorithm>

#include "sim/command_line/completion.h"
#include "sim/command_line/document.h"
#include "sim/command_line/help.h"
#include "sim/command_line/mistake.h"

namespace glovebox::command_line {
namespace {

// Escapes text for roff: apostrophes and hyphens stay what they are, so that commands can be copied
// from the page.
std::string escaped(std::string_view text) {
    std::string roff;
    for (const char c : text) {
        switch (c) {
            case '\\':
                roff += "\\e";
                break;
            case '-':
                roff += "\\-";
                break;
            case '\'':
                roff += "\\(aq";
                break;
            case '"':
                roff += "\\(dq";
                break;
            case '`':
                roff += "\\(ga";
                break;
            case '^':
                roff += "\\(ha";
                break;
            case '~':
                roff += "\\(ti";
                break;
            default:
                roff += c;
        }
    }
    // At the start of a line a dot would begin a request.
    return roff.starts_with('.') ? "\\&" + roff : roff;
}

// Splits text into lines as an author of the page would. None begins with a dot.
std::string filled(std::string_view roff) {
    return replaced(wrapped(roff, 78, 0), "\n.", "\n\\&.");
}

// Text between backticks becomes bold.
std::string prose(std::string_view text) {
    std::string roff;
    bool is_bold = false;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('`'), text.size());
        roff += escaped(text.substr(0, end));
        if (end == text.size())
            break;
        is_bold = !is_bold;
        roff += is_bold ? "\\fB" : "\\fR";
        text.remove_prefix(end + 1);
    }
    return filled(roff);
}

std::string verbatim(std::string_view lines) {
    std::string text = ".EX\n";
    while (!lines.empty()) {
        const std::size_t end = std::min(lines.find('\n'), lines.size());
        text += escaped(lines.substr(0, end)) + "\n";
        lines.remove_prefix(std::min(end + 1, lines.size()));
    }
    return text + ".EE\n";
}

std::string upper(std::string_view text) {
    std::string result(text);
    for (char& c : result)
        c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    return result;
}

std::string item(const std::string& term, std::string_view text) {
    return fmt::format(".TP\n{}\n{}\n", term, prose(text));
}

std::string term_of(const Option& option) {
    std::string term;
    if (option.letter != 0)
        term = fmt::format("\\fB\\-{}\\fR, ", option.letter);
    if (option.is_positional())
        return fmt::format("\\fI{}\\fR", escaped(written(option)));
    term += fmt::format("\\fB{}\\fR", escaped(option.name));
    if (!option.is_flag())
        term += fmt::format(" \\fI{}\\fR{}", escaped(option.placeholder),
                            option.takes_many ? "..." : "");
    return term;
}

std::string item_of(const Option& option) {
    std::string text = item(term_of(option), std::string(option.summary) + ".");
    std::string notes;
    for (const std::string& note : notes_of(option))
        notes += (notes.empty() ? "" : "; ") + note;
    if (!notes.empty())
        text += fmt::format(".br\n{}\n", filled("[" + escaped(notes) + "]"));
    return text;
}

std::string section(std::string_view heading, const std::string& text) {
    return text.empty() ? text : fmt::format(".SH {}\n{}", upper(heading), text);
}

std::string options_of(const Program& program, const Path& path) {
    std::vector<std::pair<std::string_view, std::string>> groups{{"", ""}};
    const auto add = [&groups](const Option& option) {
        auto group = std::find_if(groups.begin(), groups.end(),
                                  [&](const auto& one) { return one.first == option.group; });
        if (group == groups.end())
            group = groups.insert(group, {option.group, ""});
        group->second += item_of(option);
    };
    for (const Option& option : path.back()->options)
        add(option);
    for (const Option& option : common_options(program, path))
        add(option);
    std::string text;
    for (const auto& [heading, items] : groups)
        text += (heading.empty() ? "" : fmt::format(".SS {}\n", heading)) + items;
    // The options of a group are described on the group's page.
    for (Path above(path.begin(), std::prev(path.end())); !above.empty(); above.pop_back())
        if (above.back()->run == nullptr && !above.back()->options.empty())
            text += fmt::format(".PP\nThe options of\n.BR {} (1)\napply too.\n",
                                escaped(page_name(above)));
    return text;
}

std::string synopsis(const Path& path) {
    const std::string usage = usage_of(path);
    const std::string name = name_of(path);
    std::string text = fmt::format(".B {}\n{}\n", escaped(name),
                                   escaped(usage.substr(std::min(name.size() + 1, usage.size()))));
    if (!path.back()->subcommands.empty() && path.back()->run != nullptr)
        text += fmt::format(".br\n.B {}\nCOMMAND\n", escaped(name));
    return text;
}

std::string environment_text(const Command& command) {
    std::string text;
    for (const Option& option : command.options)
        if (!option.variable.empty())
            text += item(fmt::format("\\fB{}\\fR", escaped(option.variable)),
                         fmt::format("Stands for {} where that is not given.", option.name));
    for (const Variable& variable : command.variables)
        text += item(fmt::format("\\fB{}\\fR", escaped(variable.name)),
                     std::string(variable.meaning) + ".");
    return text;
}

std::string see_also_text(const Path& path) {
    std::vector<std::string> pages(path.back()->see_also.begin(), path.back()->see_also.end());
    if (path.size() > 1)
        pages.push_back(page_name(Path(path.begin(), std::prev(path.end()))) + "(1)");
    for (const Command& command : path.back()->subcommands)
        if (!command.is_hidden && !command.is_program)
            pages.push_back(fmt::format("{}-{}(1)", page_name(path), command.name));
    std::sort(pages.begin(), pages.end());
    pages.erase(std::unique(pages.begin(), pages.end()), pages.end());
    std::string text;
    for (const std::string& page : pages)
        text += fmt::format(".BR {} (1){}\n", escaped(page.substr(0, page.find('('))),
                            &page == &pages.back() ? "" : ",");
    return text;
}

std::string commands_text(const Path& path) {
    std::string text;
    for (const Command& command : path.back()->subcommands)
        if (!command.is_hidden)
            text += item(fmt::format("\\fB{}\\fR", escaped(command.name)),
                         std::string(command.summary) + ".");
    return text;
}

std::string page_text(const Program& program, const Path& path, std::string_view date) {
    const Command& command = *path.back();
    const std::string name = page_name(path);
    std::string text = fmt::format(".\\\" Made by \"glovebox describe man {}\".\n", name);
    text +=
        fmt::format(".TH {} 1 {} \"{}\"\n", escaped(upper(name)), date, escaped(program.version));
    text += fmt::format(".SH NAME\n{} \\-\n{}\n", escaped(name), prose(command.summary));
    text += section("Synopsis", synopsis(path));
    std::string description;
    if (command.description.empty())
        description = prose(std::string(command.summary) + ".") + "\n";
    for (const std::string_view paragraph : command.description)
        description += (description.empty() ? "" : ".PP\n") + prose(paragraph) + "\n";
    text += section("Description", description);
    text += section("Commands", commands_text(path));
    std::string arguments;
    for (const Option& positional : command.positionals)
        arguments += item_of(positional);
    text += section("Arguments", arguments);
    text += section("Options", options_of(program, path));
    for (const Section& part : command.sections)
        text +=
            section(part.heading, part.is_verbatim ? verbatim(part.text) : prose(part.text) + "\n");
    std::string codes;
    for (const ExitCode& code : command.exit_codes)
        codes +=
            item(fmt::format("\\fB{}\\fR", escaped(code.code)), std::string(code.meaning) + ".");
    text += section("Exit status", codes);
    text += section("Environment", environment_text(command));
    std::string examples;
    for (const Example& example : command.examples)
        examples += fmt::format("{}{}:\n.PP\n.RS 4\n{}.RE\n", examples.empty() ? "" : ".PP\n",
                                prose(example.caption), verbatim(example.lines));
    text += section("Examples", examples);
    text += section("See also", see_also_text(path));
    return text;
}

}  // namespace

std::vector<Document> man_pages(const Program& program, std::string_view date) {
    std::vector<Document> pages;
    for (const Path& path : commands_of(program, false)) {
        const std::string name = page_name(path);
        pages.push_back({name, name + ".1", page_text(program, path, date)});
    }
    return pages;
}

}  // namespace glovebox::command_line
