// SPDX-License-Identifier: Apache-2.0

// fish's completion: a function that tells which command is being typed, and one line for each word
// that can come.

#include <fmt/format.h>

#include "sim/command_line/completion.h"
#include "sim/command_line/document.h"

namespace glovebox::command_line {
namespace {

// @commands@ and @values@ are patterns: of each command behind its parent, and of each option that
// takes a value behind its command.
constexpr std::string_view functions = R"(
# Whether this is the command that is being typed.
function __fish_@name@_at
    set -l tokens (commandline -opc)
    set -l command @name@
    set -l is_value no
    for token in $tokens[2..-1]
        if test $is_value = yes
            set is_value no
            continue
        end
        switch "$command $token"
            case '* --'
                return 1
            case @commands@
                set command "$command $token"
            case @values@
                set is_value yes
        end
    end
    test "$command" = "$argv"
end

function __fish_@name@_worlds
    for folder in "$XDG_RUNTIME_DIR/glovebox" /tmp/glovebox-(id -u)
        test -d $folder; and command ls $folder
    end
end

function __fish_@name@_enclaves
    set -l program (commandline -opc)[1]
    set -q GLOVEBOX_WORLD; and set -l world $GLOVEBOX_WORLD; or set -l world default
    $program ps --world $world $argv 2>/dev/null | string match -rg '^([0-9]+) '
end

# What stands behind "--" is another program's command line.
function __fish_@name@_program
    set -l tokens (commandline -opc)
    set -l at (contains -i -- -- $tokens)
    or return
    set -l words (string escape -- $tokens[(math $at + 1)..-1])
    complete -C (string join ' ' -- $words (commandline -ct))
end

complete -c @name@ -f
complete -c @name@ -n 'contains -- -- (commandline -opc)' -a '(__fish_@name@_program)'
)";

// fish reads \' inside of single quotes.
std::string fish_quoted(std::string_view text) {
    return "'" + replaced(replaced(text, "\\", "\\\\"), "'", "\\'") + "'";
}

std::string arguments_of(const Option& option, const std::string& name) {
    switch (offer_of(option)) {
        case Offer::words:
            return fmt::format("-x -a {}", fish_quoted(words_of(option)));
        case Offer::file:
            return "-r -F";
        case Offer::directory:
            return "-x -a '(__fish_complete_directories)'";
        case Offer::world:
            return fmt::format("-x -a '(__fish_{}_worlds)'", name);
        case Offer::running_enclave:
            return fmt::format("-x -a '(__fish_{}_enclaves)'", name);
        case Offer::any_enclave:
            return fmt::format("-x -a '(__fish_{}_enclaves --all)'", name);
        case Offer::program:
            return "-x -a '(__fish_complete_command)'";
        case Offer::nothing:
            break;
    }
    return "-x";
}

std::string lines_of(const Program& program, const Path& path) {
    const std::string name(program.root.name);
    const std::string start =
        fmt::format("complete -c {} -n {}", name,
                    fish_quoted(fmt::format("__fish_{}_at {}", name, name_of(path))));
    std::string text;
    for (const Command& command : path.back()->subcommands)
        if (!command.is_hidden)
            text +=
                fmt::format("{} -a {} -d {}\n", start, command.name, fish_quoted(command.summary));
    for (const Option& option : completed_options(program, path))
        text += fmt::format("{} -l {}{}{} -d {}\n", start, option.name.substr(2),
                            option.letter == 0 ? "" : fmt::format(" -s {}", option.letter),
                            option.is_flag() ? "" : " " + arguments_of(option, name),
                            fish_quoted(option.summary));
    for (const Option& positional : path.back()->positionals)
        if (offer_of(positional) != Offer::nothing)
            text += fmt::format("{} {}\n", start, arguments_of(positional, name));
    return text;
}

}  // namespace

Document fish_completion(const Program& program) {
    const std::string name(program.root.name);
    std::string commands;
    std::string values;
    const auto add = [](std::string& patterns, const std::string& pattern) {
        patterns += (patterns.empty() ? "" : " \\\n                ") + fish_quoted(pattern);
    };
    std::string lines;
    for (const Path& path : commands_of(program, true)) {
        const std::string at = name_of(path);
        if (path.size() > 1)
            add(commands, at);
        for (const Option& option : completed_options(program, path)) {
            if (option.is_flag())
                continue;
            add(values, fmt::format("{} {}", at, option.name));
            if (option.letter != 0)
                add(values, fmt::format("{} -{}", at, option.letter));
        }
        lines += "\n" + lines_of(program, path);
    }
    // A switch without a pattern is a mistake.
    if (commands.empty())
        commands = "''";
    std::string text = fmt::format(
        "# fish's completion of {0}. Made by \"glovebox completion fish {0}\".\n", name);
    text += replaced(replaced(replaced(functions, "@name@", name), "@commands@", commands),
                     "@values@", values);
    return {name, name + ".fish", text + lines};
}

}  // namespace glovebox::command_line
