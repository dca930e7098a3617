// SPDX-License-Identifier: Apache-2.0

// zsh's completion: a function for each command, which hands its options to _arguments.

#include <fmt/format.h>

#include "sim/command_line/completion.h"
#include "sim/command_line/document.h"
#include "sim/command_line/mistake.h"

namespace glovebox::command_line {
namespace {

constexpr std::string_view helpers = R"zsh(
@function@__worlds() {
    local -a worlds=(/tmp/glovebox-$UID/*(N/:t))
    [[ -z $XDG_RUNTIME_DIR ]] || worlds+=($XDG_RUNTIME_DIR/glovebox/*(N/:t))
    _wanted worlds expl world compadd -a worlds || _files -/
}

@function@__enclaves() {
    local world=${GLOVEBOX_WORLD:-default}
    local -a cids=(${(f)"$(@name@ ps --world $world $* 2>/dev/null |
        sed -n 's/^\([0-9][0-9]*\) .*/\1/p')"})
    _wanted cids expl enclave compadd -a cids
}

# Another program's command line. _arguments leaves the "--" that it stands behind.
@function@__program() {
    if [[ $words[1] == -- ]]; then
        shift words
        (( CURRENT-- ))
    fi
    _normal
}
)zsh";

// Brackets and colons have a meaning in a specification.
std::string description(std::string_view text) {
    std::string escaped = replaced(text, "\\", "\\\\");
    for (const std::string_view special : {"[", "]", ":"})
        escaped = replaced(escaped, special, "\\" + std::string(special));
    return escaped;
}

std::string action_of(const Option& option, const std::string& function) {
    switch (offer_of(option)) {
        case Offer::words:
            return fmt::format("({})", words_of(option));
        case Offer::file:
            return "_files";
        case Offer::directory:
            return "_files -/";
        case Offer::world:
            return function + "__worlds";
        case Offer::running_enclave:
            return function + "__enclaves";
        case Offer::any_enclave:
            return function + "__enclaves --all";
        case Offer::program:
            return function + "__program";
        case Offer::nothing:
            break;
    }
    return " ";
}

std::string specification_of(const Option& option, const std::string& function) {
    const bool may_repeat = option.repeat != Repeat::no || option.takes_many;
    const std::string tail =
        option.is_flag()
            ? fmt::format("[{}]", description(option.summary))
            : fmt::format("[{}]:{}:{}", description(option.summary),
                          description(option.placeholder), action_of(option, function));
    const std::string equals = option.is_flag() ? "" : "=";
    if (option.letter == 0)
        return shell_quoted(
            fmt::format("{}{}{}{}", may_repeat ? "*" : "", option.name, equals, tail));
    return fmt::format("'(-{0} {1})'{{-{0}{2},{1}{3}}}{4}", option.letter, option.name,
                       option.is_flag() ? "" : "+", equals, shell_quoted(tail));
}

std::string positional_of(const Option& option, int number, const std::string& function) {
    const std::string action = action_of(option, function);
    if (offer_of(option) == Offer::program)
        return shell_quoted(fmt::format("*::{}: {}", description(option.name), action));
    if (option.repeat != Repeat::no)
        return shell_quoted(fmt::format("*:{}:{}", description(option.name), action));
    return shell_quoted(fmt::format(
        "{}{}{}:{}", number, option.is_required ? ":" : "::", description(option.name), action));
}

std::string function_text(const Program& program, const Path& path) {
    const std::string root = function_of({&program.root});
    std::string commands;
    std::string cases;
    for (const Command& command : path.back()->subcommands) {
        if (command.is_hidden)
            continue;
        Path below = path;
        below.push_back(&command);
        commands += fmt::format(
            "        {}\n",
            shell_quoted(fmt::format("{}:{}", command.name, description(command.summary))));
        cases +=
            fmt::format("                {}) {} && ret=0 ;;\n", command.name, function_of(below));
    }
    std::string text = fmt::format("\n{}() {{\n", function_of(path));
    if (!commands.empty())
        text +=
            "    local curcontext=$curcontext state line ret=1\n"
            "    typeset -A opt_args\n"
            "    local -a subcommands=(\n" +
            commands + "    )\n";
    text += fmt::format("    _arguments {}-s -S :", commands.empty() ? "" : "-C ");
    for (const Option& option : completed_options(program, path))
        text += fmt::format(" \\\n        {}", specification_of(option, root));
    int number = 1;
    for (const Option& positional : path.back()->positionals)
        text += fmt::format(" \\\n        {}", positional_of(positional, number++, root));
    if (commands.empty())
        return text + "\n}\n";
    return text +
           " \\\n        '1: :->command' \\\n        '*:: :->argument' && ret=0\n"
           "    case $state in\n"
           "        command) _describe -t commands command subcommands && ret=0 ;;\n"
           "        argument)\n"
           "            case $line[1] in\n" +
           cases +
           "            esac ;;\n"
           "    esac\n"
           "    return ret\n"
           "}\n";
}

}  // namespace

Document zsh_completion(const Program& program) {
    const std::string name(program.root.name);
    const std::string function = function_of({&program.root});
    std::string text = fmt::format(
        "#compdef {0}\n# zsh's completion of {0}. Made by \"glovebox completion zsh {0}\".\n",
        name);
    text += replaced(replaced(helpers, "@function@", function), "@name@", name);
    for (const Path& path : commands_of(program, true))
        text += function_text(program, path);
    // As a function of fpath, which has the file's name, it completes; a file that is sourced only
    // registers the function.
    text += fmt::format(
        "\nif [[ $funcstack[1] == _{1} ]]; then\n    {0} \"$@\"\n"
        "else\n    compdef {0} {1}\nfi\n",
        function, name);
    return {name, "_" + name, std::move(text)};
}

}  // namespace glovebox::command_line
