// SPDX-License-Identifier: Apache-2.0

// glovebox completion: what a shell completes the programs with, made of their descriptions.

#include <iostream>

#include "sim/cli/commands.h"
#include "sim/cli/programs.h"
#include "sim/command_line/document.h"

namespace glovebox::cli {
namespace {

using command_line::Document;

Document completion_of(const Program& program, const std::string& shell) {
    return shell == "bash"  ? command_line::bash_completion(program)
           : shell == "zsh" ? command_line::zsh_completion(program)
                            : command_line::fish_completion(program);
}

int print_completion(const Values& values) {
    std::vector<Document> all;
    for (const Program& program : all_programs())
        all.push_back(completion_of(program, values.text("SHELL")));
    if (const auto folder = values.find_text("--output")) {
        command_line::write_documents(*folder, all).value();
        return exit_done;
    }
    const std::string name = values.text("PROGRAM");
    for (const Document& document : all)
        if (document.name == name)
            std::cout << document.text;
    return exit_done;
}

}  // namespace

Command completion_command() {
    return {
        .name = "completion",
        .summary = "Print a shell's script that completes commands, options and values",
        .description = {"`cmake --install` installs the same files where each shell finds them."},
        .options = {{.name = "--output",
                     .letter = 'o',
                     .kind = Kind::directory,
                     .placeholder = "DIR",
                     .excludes = {"PROGRAM"},
                     .summary = "Write the completion of all programs to this directory"}},
        .positionals = {{.name = "SHELL",
                         .kind = Kind::choice,
                         .noun = "a shell",
                         .choices = {"bash", "zsh", "fish"},
                         .is_required = true,
                         .summary = "The shell"},
                        {.name = "PROGRAM",
                         .kind = Kind::choice,
                         .noun = "a program",
                         .choices = {"glovebox", "nitro-cli", "vsock-proxy"},
                         .summary = "The program whose command line is completed",
                         .default_value = "glovebox"}},
        .examples = {{"Complete in this bash or zsh", "source <(glovebox completion bash)"},
                     {"Complete in this fish", "glovebox completion fish | source"},
                     {"Complete in every new bash of this user",
                      "mkdir -p ~/.local/share/bash-completion/completions\n"
                      "glovebox completion bash --output "
                      "~/.local/share/bash-completion/completions"}},
        .run = print_completion};
}

}  // namespace glovebox::cli
