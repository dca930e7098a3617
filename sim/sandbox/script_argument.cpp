// SPDX-License-Identifier: Apache-2.0

#include "sim/sandbox/script_argument.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace glovebox::sandbox {
namespace {

struct Interpreter {
    std::string_view name;
    std::string_view code_letters;  // options that carry the program itself: -c CODE
};

constexpr std::array interpreters{
    Interpreter{"python", "c"},  Interpreter{"pypy", "c"},   Interpreter{"node", "ep"},
    Interpreter{"nodejs", "ep"}, Interpreter{"bun", "ep"},   Interpreter{"deno", ""},
    Interpreter{"ruby", "e"},    Interpreter{"perl", "eE"},  Interpreter{"php", "r"},
    Interpreter{"lua", "e"},     Interpreter{"luajit", "e"}, Interpreter{"Rscript", "e"},
    Interpreter{"tclsh", ""},    Interpreter{"guile", "c"},  Interpreter{"java", ""},
    Interpreter{"sh", "c"},      Interpreter{"bash", "c"},   Interpreter{"dash", "c"},
    Interpreter{"ash", "c"},     Interpreter{"ksh", "c"},    Interpreter{"zsh", "c"},
    Interpreter{"busybox", "c"}};

// "python" of "/usr/bin/python3.11".
std::string_view name_of(std::string_view program) {
    program.remove_prefix(program.find_last_of('/') + 1);
    return program.substr(0, program.find_last_not_of("0123456789.") + 1);
}

const Interpreter* interpreter_named(std::string_view program) {
    const auto found = std::find_if(
        interpreters.begin(), interpreters.end(),
        [name = name_of(program)](const Interpreter& one) { return one.name == name; });
    return found == interpreters.end() ? nullptr : &*found;
}

// "-c", "-lc" of a shell, "--eval": the program is in the command line.
bool carries_code(std::string_view argument, const Interpreter& interpreter) {
    if (argument == "--eval" || argument == "--print")
        return true;
    return argument.size() > 1 && argument[0] == '-' && argument[1] != '-' &&
           !interpreter.code_letters.empty() &&
           interpreter.code_letters.find(argument.back()) != std::string_view::npos;
}

}  // namespace

std::optional<ScriptArgument> find_script(const std::vector<std::string>& arguments,
                                          const std::function<bool(const std::string&)>& is_file) {
    if (arguments.empty())
        return std::nullopt;
    const Interpreter* interpreter = interpreter_named(arguments.front());
    if (interpreter == nullptr)
        return std::nullopt;
    const bool has_modules = interpreter->name == "python" || interpreter->name == "pypy";
    for (auto at = arguments.begin() + 1; at != arguments.end(); ++at) {
        if (has_modules && (at->starts_with("-m")))
            return ScriptArgument{{}, true};
        if (carries_code(*at, *interpreter))
            return std::nullopt;
        if (is_file(*at))
            return ScriptArgument{*at};
    }
    return std::nullopt;
}

}  // namespace glovebox::sandbox
