// SPDX-License-Identifier: Apache-2.0

#include "sim/cli/commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <set>

#include "sim/cli/programs.h"
#include "sim/command_line/document.h"
#include "sim/command_line/parser.h"

namespace glovebox::cli {
namespace {

using command_line::Mistake;
using command_line::Path;
using Words = std::vector<std::string>;

// The commands of a shell's line, as words. Quotes and backslashes hold words together; what stands
// between commands, and variables before one, is left out.
std::vector<Words> shell_commands(std::string_view lines) {
    std::vector<Words> commands{{}};
    std::string word;
    bool is_word = false;
    char quote = 0;
    const auto end_word = [&] {
        const bool is_assignment = commands.back().empty() && word.find('=') != std::string::npos;
        if (is_word && !is_assignment)
            commands.back().push_back(word == "0=$PCR0" ? "0=" + std::string(96, '0') : word);
        word.clear();
        is_word = false;
    };
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const char c = lines[i];
        if (quote != 0 && c == quote) {
            quote = 0;
        } else if (quote != 0) {
            word += c;
        } else if (c == '\'' || c == '"') {
            quote = c;
            is_word = true;
        } else if (c == '\\') {
            if (++i < lines.size() && lines[i] != '\n')
                word += lines[i];
        } else if (std::isspace(static_cast<unsigned char>(c)) != 0 || c == '|' || c == '&' ||
                   c == ';' || c == '>') {
            end_word();
            if (c != ' ')
                commands.emplace_back();
        } else {
            word += c;
            is_word = true;
        }
    }
    end_word();
    std::erase_if(commands, [](const Words& words) { return words.empty(); });
    return commands;
}

// Calls `look` with every command of every program.
template <class Look>
void for_each_command(Look look) {
    for (const Program& program : all_programs()) {
        for (const Path& path : command_line::commands_of(program, false)) {
            SCOPED_TRACE(command_line::name_of(path));
            look(program, path);
        }
    }
}

// What is wrong with the words; empty if they call another program.
std::string mistake_in(Words words) {
    for (const Program& program : all_programs()) {
        if (words.front() != program.root.name)
            continue;
        words.erase(words.begin());
        const auto parsed = command_line::parse(
            program, words, [](const std::string&) { return std::optional<std::string>(); });
        const auto* mistake = std::get_if<Mistake>(&parsed);
        return mistake == nullptr ? "" : command_line::explain(*mistake, program.dialect);
    }
    return {};
}

TEST(Commands, AreDescribedInPhrases) {
    const auto check = [](std::string_view phrase) {
        EXPECT_FALSE(phrase.empty());
        EXPECT_FALSE(phrase.ends_with('.')) << phrase;
    };
    for_each_command([&](const Program&, const Path& path) {
        check(path.back()->summary);
        for (const Option& option : path.back()->options)
            check(option.summary);
        for (const Option& option : path.back()->positionals)
            check(option.summary);
        for (const auto& code : path.back()->exit_codes)
            check(code.meaning);
        for (const std::string_view paragraph : path.back()->description)
            EXPECT_TRUE(paragraph.ends_with('.')) << paragraph;
    });
}

TEST(Commands, HaveExamplesThatTheParserTakes) {
    int count = 0;
    for_each_command([&](const Program&, const Path& path) {
        if (path.back()->run != nullptr) {
            EXPECT_FALSE(path.back()->examples.empty());
        }
        for (const auto& example : path.back()->examples)
            for (const Words& words : shell_commands(example.lines)) {
                EXPECT_EQ(mistake_in(words), "") << example.lines;
                ++count;
            }
    });
    EXPECT_GT(count, 50);
    EXPECT_NE(mistake_in({"glovebox", "run", "--bogus"}), "") << "the check itself";
}

TEST(Commands, NameOptionsThatTheyHave) {
    for_each_command([](const Program&, const Path& path) {
        std::set<std::string_view> names;
        std::set<char> letters{'h'};
        for (const Option* option : command_line::options_of(path)) {
            EXPECT_TRUE(names.insert(option->name).second) << option->name;
            EXPECT_TRUE(option->name.starts_with("--")) << option->name;
            EXPECT_TRUE(option->letter == 0 || letters.insert(option->letter).second)
                << option->letter;
            EXPECT_EQ(option->placeholder.empty(), option->is_flag()) << option->name;
        }
        for (const Option& positional : path.back()->positionals)
            EXPECT_TRUE(names.insert(positional.name).second) << positional.name;
        for (const Option* option : command_line::options_of(path)) {
            for (const std::string_view other : option->excludes)
                EXPECT_TRUE(names.contains(other)) << other;
            for (const std::string_view other : option->needs)
                EXPECT_TRUE(names.contains(other)) << other;
        }
        for (const auto& requirement : path.back()->requirements)
            for (const std::string_view name : requirement.any_of)
                EXPECT_TRUE(names.contains(name)) << name;
    });
}

TEST(Commands, HaveDefaultsThatTheyTake) {
    for_each_command([](const Program&, const Path& path) {
        for (const Option& option : path.back()->options)
            if (!option.default_value.empty() && path.back()->run != nullptr) {
                Words words;
                for (const auto* command : path)
                    words.emplace_back(command->name);
                words.push_back(std::string(option.name) + "=" + std::string(option.default_value));
                EXPECT_THAT(mistake_in(words),
                            testing::Not(testing::HasSubstr(std::string(option.name) + ": ")));
            }
    });
}

TEST(Commands, PointToPagesThatExist) {
    std::set<std::string> pages;
    for_each_command([&](const Program&, const Path& path) {
        pages.insert(command_line::page_name(path) + "(1)");
    });
    for_each_command([&](const Program&, const Path& path) {
        for (const std::string_view page : path.back()->see_also)
            EXPECT_TRUE(pages.contains(std::string(page))) << page;
    });
}

TEST(Manual, HasAPageForEachCommand) {
    for (const Program& program : all_programs()) {
        const auto pages = command_line::man_pages(program, "2026-01-02");
        EXPECT_EQ(pages.size(), command_line::commands_of(program, false).size());
        for (const auto& page : pages) {
            EXPECT_THAT(page.text, testing::HasSubstr("1 2026-01-02 "));
            EXPECT_THAT(page.text, testing::HasSubstr(".SH SYNOPSIS\n"));
            EXPECT_THAT(page.text, testing::Not(testing::HasSubstr("\\fBdescribe\\fR\nPrint")));
        }
    }
}

}  // namespace
}  // namespace glovebox::cli
