// SPDX-License-Identifier: Apache-2.0

// bash's completion: tables of a program's commands, and one function that reads them.

#include <fmt/format.h>

#include <map>

#include "sim/command_line/completion.h"
#include "sim/command_line/document.h"

namespace glovebox::command_line {
namespace {

// @name@ is the program's, and @function@ the name as a function may have it.
constexpr std::string_view engine = R"bash(
# What the word in front of the cursor is to be completed with: $1 is what _value says, $2 the word.
@function@_offer() {
    local words=
    case $1 in
        "words "*) words=${1#words } ;;
        world) words=$(ls "${XDG_RUNTIME_DIR:+$XDG_RUNTIME_DIR/glovebox}" "/tmp/glovebox-$UID" \
            2>/dev/null | sed '/:$/d') ;;
        running_enclave) words=$("${COMP_WORDS[0]}" ps --world "${GLOVEBOX_WORLD:-default}" \
            2>/dev/null |
            sed -n 's/^\([0-9][0-9]*\) .*/\1/p') ;;
        any_enclave) words=$("${COMP_WORDS[0]}" ps --all --world "${GLOVEBOX_WORLD:-default}" \
            2>/dev/null |
            sed -n 's/^\([0-9][0-9]*\) .*/\1/p') ;;
        directory) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$2"); return ;;
        file) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$2"); return ;;
        program) mapfile -t COMPREPLY < <(compgen -c -f -- "$2"); return ;;
    esac
    mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -W "$words" -- "$2")
}

@function@() {
    local current=${COMP_WORDS[COMP_CWORD]} command=@name@ option= argument=1 word value i
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if [[ -n $option ]]; then
            # bash takes "--option=value" for three words.
            [[ $word == "=" ]] || option=
        elif [[ $word == "--" ]]; then
            if declare -F _command_offset >/dev/null; then
                _command_offset $((i + 1))
            else
                @function@_offer program "$current"
            fi
            return
        elif [[ $word == -* ]]; then
            value=$(@function@_value "$command $word")
            [[ -z $value || $value == flag ]] || option=$word
        elif [[ " $(@function@_commands "$command") " == *" $word "* ]]; then
            command+=" $word"
        else
            ((argument++))
        fi
    done
    [[ $current != "=" ]] || current=
    if [[ -n $option ]]; then
        @function@_offer "$(@function@_value "$command $option")" "$current"
    elif [[ $current == -* ]]; then
        @function@_offer "words $(@function@_options "$command")" "$current"
    else
        @function@_offer "$(@function@_value "$command $argument")" "$current"
        @function@_offer "words $(@function@_commands "$command")" "$current"
    fi
}
complete -F @function@ @name@
)bash";

std::string value_of(const Option& option) {
    if (option.is_flag())
        return "flag";
    switch (offer_of(option)) {
        case Offer::words:
            return "words " + words_of(option);
        case Offer::file:
            return "file";
        case Offer::directory:
            return "directory";
        case Offer::world:
            return "world";
        case Offer::running_enclave:
            return "running_enclave";
        case Offer::any_enclave:
            return "any_enclave";
        case Offer::program:
            return "program";
        case Offer::nothing:
            break;
    }
    return "nothing";
}

// The cases of one table: an answer, and the patterns that have it.
using Cases = std::map<std::string, std::vector<std::string>>;

std::string function_text(const std::string& name, std::string_view comment, const Cases& cases) {
    std::string text = fmt::format("\n# {}\n{}() {{\n    case \"$*\" in\n", comment, name);
    for (const auto& [answer, patterns] : cases) {
        std::string joined;
        for (const std::string& pattern : patterns)
            joined += (joined.empty() ? "" : " | \\\n        ") + pattern;
        text += fmt::format("        {})\n            echo \"{}\" ;;\n", joined, answer);
    }
    return text + "    esac\n}\n";
}

}  // namespace

Document bash_completion(const Program& program) {
    const std::string name(program.root.name);
    const std::string function = function_of({&program.root});
    Cases commands;
    Cases options;
    Cases values;
    for (const Path& path : commands_of(program, true)) {
        const std::string at = name_of(path);
        std::string below;
        for (const Command& command : path.back()->subcommands)
            if (!command.is_hidden)
                below.append(below.empty() ? "" : " ").append(command.name);
        if (!below.empty())
            commands[below].push_back(fmt::format("\"{}\"", at));
        std::string names;
        for (const Option& option : completed_options(program, path)) {
            names.append(names.empty() ? "" : " ").append(option.name);
            std::vector<std::string>& patterns = values[value_of(option)];
            patterns.push_back(fmt::format("\"{} {}\"", at, option.name));
            if (option.letter != 0)
                patterns.push_back(fmt::format("\"{} -{}\"", at, option.letter));
        }
        options[names].push_back(fmt::format("\"{}\"", at));
        int number = 1;
        for (const Option& positional : path.back()->positionals)
            values[value_of(positional)].push_back(positional.repeat == Repeat::no
                                                       ? fmt::format("\"{} {}\"", at, number++)
                                                       : fmt::format("\"{} \"[{}-9]*", at, number));
    }
    std::string text = fmt::format(
        "# bash's completion of {0}. Made by \"glovebox completion bash {0}\".\n", name);
    text += function_text(function + "_commands", "The commands below a command.", commands);
    text += function_text(function + "_options", "The options of a command.", options);
    text +=
        function_text(function + "_value",
                      "What an option of a command takes, or its argument of this number.", values);
    text += replaced(replaced(engine, "@function@", function), "@name@", name);
    return {name, name, std::move(text)};
}

}  // namespace glovebox::command_line
