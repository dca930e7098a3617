// SPDX-License-Identifier: Apache-2.0

#include "sim/command_line/mistake.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/nearest_name.h"
#include "sim/command_line/check.h"

namespace glovebox::command_line {
namespace {

using MistakeKind = Mistake::Kind;

std::vector<std::string_view> known_options(const Path& path) {
    std::vector<std::string_view> names{"--help"};
    if (path.size() == 1)
        names.emplace_back("--version");
    for (const Option* option : options_of(path))
        names.push_back(option->name);
    return names;
}

std::vector<std::string_view> known_commands(const Path& path) {
    std::vector<std::string_view> names;
    for (const Command& command : path.back()->subcommands)
        if (!command.is_hidden)
            names.push_back(command.name);
    return names;
}

std::string listed(const std::vector<std::string_view>& names, std::string_view last_joint) {
    std::string text;
    for (const std::string_view& name : names)
        text.append(text.empty() ? "" : &name == &names.back() ? last_joint : ", ").append(name);
    return text;
}

std::string written_all(const std::vector<const Option*>& options, std::string_view last_joint) {
    std::vector<std::string_view> names;
    for (const Option* option : options)
        names.push_back(option->name);
    return listed(names, last_joint);
}

std::string_view name_without_value(std::string_view word) {
    return word.substr(0, word.find('='));
}

// --- glovebox's own sentences ---

std::string did_you_mean(std::string_view near) {
    return near.empty() ? "" : fmt::format("; did you mean {}?", near);
}

// Where an option that exists would have to stand.
std::string place_of(const Path& path, std::string_view name) {
    const auto of_command = [&](const Command& command) {
        return std::any_of(command.options.begin(), command.options.end(),
                           [&](const Option& option) { return option.name == name; });
    };
    for (const Command& command : path.back()->subcommands)
        if (of_command(command))
            return fmt::format("; it is an option of \"{} {}\": write it after {}", name_of(path),
                               command.name, command.name);
    return {};
}

std::string sentence(const Mistake& mistake) {
    const Path& path = mistake.path;
    const std::string name = name_of(path);
    const Option* option = mistake.options.empty() ? nullptr : mistake.options.front();
    const Option* other = mistake.options.size() < 2 ? nullptr : mistake.options[1];
    switch (mistake.kind) {
        case MistakeKind::unknown_option: {
            const std::string_view word = name_without_value(mistake.word);
            std::string where = place_of(path, word);
            if (where.empty())
                where = did_you_mean(nearest(word, known_options(path)));
            if (!mistake.detail.empty())
                where += fmt::format(
                    "{} if it belongs to the program, write \"--\" before the program: {} {}",
                    where.ends_with('?') ? " Or," : ";", mistake.detail, word);
            return fmt::format("there is no option {}{}", word, where);
        }
        case MistakeKind::unknown_command:
            return fmt::format("there is no command \"{}\"{}", mistake.word,
                               did_you_mean(nearest(mistake.word, known_commands(path))));
        case MistakeKind::missing_command:
            return fmt::format("a command is missing: one of {} was expected",
                               listed(known_commands(path), " or "));
        case MistakeKind::unexpected_word:
            return fmt::format("the argument \"{}\" was not expected", mistake.word);
        case MistakeKind::unexpected_value:
            return fmt::format("{} takes no value, and \"{}\" was given", option->name,
                               mistake.word);
        case MistakeKind::missing_value:
            return fmt::format("{} needs a value: {}", option->name, written(*option));
        case MistakeKind::hyphen_value:
            return fmt::format(
                "{0} needs a value, and \"{1}\" follows; write {0}={1} if it is meant",
                option->name, mistake.word);
        case MistakeKind::missing_option:
            return written_all(mistake.options, " or ") + " is required";
        case MistakeKind::repeated:
            return fmt::format("{} was given more than once; give it once", option->name);
        case MistakeKind::contradiction:
            return fmt::format("{} gives \"{}\" two values: {} and {}; give one of them",
                               option->name, key_of(*option, mistake.word), mistake.word,
                               mistake.detail);
        case MistakeKind::bad_value:
            return fmt::format("{}: {}", mistake.is_variable ? option->variable : option->name,
                               mistake.detail);
        case MistakeKind::excluded:
            return fmt::format("{} and {} exclude each other; give one of them", option->name,
                               other->name);
        case MistakeKind::needed:
            return fmt::format("{} needs {} too", option->name, other->name);
        case MistakeKind::of_another_command:
            return fmt::format("{0} is not an option of \"{1}\"; leave it out, or leave out {2}",
                               mistake.word, name, path.back()->name);
    }
    return {};
}

std::string explain_as_glovebox(const Mistake& mistake) {
    return fmt::format("{}: {}\nTry \"{} --help\".\n", name_of(mistake.path), sentence(mistake),
                       name_of(mistake.path));
}

// --- clap's ---

std::string clap_usage(const Option& option) {
    return option.is_positional() || option.is_flag()
               ? std::string(option.is_positional() ? fmt::format("<{}>", option.name)
                                                    : std::string(option.name))
               : fmt::format("{} <{}>{}", option.name, option.placeholder,
                             option.takes_many ? "..." : "");
}

std::string clap_tip(std::string_view kind, std::string_view near) {
    return near.empty() ? "" : fmt::format("\n\n  tip: a similar {} exists: '{}'", kind, near);
}

std::string clap_sentence(const Mistake& mistake) {
    const Path& path = mistake.path;
    const Option* option = mistake.options.empty() ? nullptr : mistake.options.front();
    const Option* other = mistake.options.size() < 2 ? nullptr : mistake.options[1];
    switch (mistake.kind) {
        case MistakeKind::unknown_option: {
            const std::string_view word = name_without_value(mistake.word);
            return fmt::format("unexpected argument '{}' found{}", word,
                               clap_tip("argument", nearest(word, known_options(path))));
        }
        case MistakeKind::unknown_command:
            return fmt::format("unrecognized subcommand '{}'{}", mistake.word,
                               clap_tip("subcommand", nearest(mistake.word, known_commands(path))));
        case MistakeKind::unexpected_word:
        case MistakeKind::of_another_command:
            return fmt::format("unexpected argument '{}' found", mistake.word);
        case MistakeKind::unexpected_value:
            return fmt::format("unexpected value '{}' for '{}' found; no more were expected",
                               mistake.word, option->name);
        case MistakeKind::missing_value:
            return fmt::format("a value is required for '{}' but none was supplied",
                               clap_usage(*option));
        case MistakeKind::hyphen_value:
            // clap stops at the word, and takes it for an option or refuses it.
            return fmt::format("a value is required for '{}' but none was supplied",
                               clap_usage(*option));
        case MistakeKind::missing_option: {
            std::string wanted;
            for (const Option* one : mistake.options)
                wanted += (wanted.empty() ? "" : "|") + clap_usage(*one);
            return fmt::format("the following required arguments were not provided:\n  {}",
                               mistake.options.size() > 1 ? "<" + wanted + ">" : wanted);
        }
        case MistakeKind::repeated:
        case MistakeKind::contradiction:
            return fmt::format("the argument '{}' cannot be used multiple times",
                               clap_usage(*option));
        case MistakeKind::bad_value:
            return fmt::format("invalid value '{}' for '{}': {}", mistake.word, clap_usage(*option),
                               mistake.detail);
        case MistakeKind::excluded:
            return fmt::format("the argument '{}' cannot be used with '{}'", clap_usage(*option),
                               clap_usage(*other));
        case MistakeKind::needed:
            return fmt::format("the following required arguments were not provided:\n  {}",
                               clap_usage(*other));
        case MistakeKind::missing_command:
            return "a subcommand is required but one was not provided";
    }
    return {};
}

std::string explain_as_clap(const Mistake& mistake) {
    return fmt::format("error: {}\n\nUsage: {}\n\nFor more information, try '--help'.\n",
                       clap_sentence(mistake), usage_of(mistake.path));
}

}  // namespace

std::string explain(const Mistake& mistake, Dialect dialect) {
    return dialect == Dialect::clap ? explain_as_clap(mistake) : explain_as_glovebox(mistake);
}

std::string written(const Option& option) {
    std::string text(option.name);
    if (!option.is_flag() && !option.is_positional())
        text.append(" ").append(option.placeholder).append(option.takes_many ? "..." : "");
    if (option.is_positional() && option.repeat != Repeat::no)
        text += "...";
    return text;
}

std::string usage_of(const Path& path) {
    std::string usage = name_of(path);
    if (path.back()->run == nullptr)
        return usage + (options_of(path).empty() ? "" : " [OPTIONS]") + " COMMAND";
    usage += " [OPTIONS]";
    for (const Option& option : path.back()->positionals) {
        const bool is_program = option.completion == Completion::program;
        const std::string text = (is_program ? "[--] " : "") + written(option);
        usage += option.is_required ? " " + text : " [" + text + "]";
    }
    return usage;
}

}  // namespace glovebox::command_line
