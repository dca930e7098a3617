// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/command_program.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include "sim/enclave/script_measure.h"
#include "sim/enclave/search_path.h"
#include "sim/enclave/started_command.h"
#include "sim/sandbox/sandbox_error.h"
#include "sim/sandbox/script_argument.h"
#include "sim/sandbox/tool_folder.h"
#include "sim/supervisor/launch.h"

namespace glovebox::enclave {
namespace {

namespace fs = std::filesystem;

bool is_regular(const std::string& path) {
    std::error_code ignored;
    return fs::is_regular_file(path, ignored);
}

std::string canonical(const std::string& path) {
    std::error_code error;
    const fs::path real = fs::canonical(path, error);
    return error ? path : real.string();
}

// Makes the tools of one command visible.
class Shower {
  public:
    Shower(sandbox::CommandRequest& command, const sandbox::Machine& machine,
           std::vector<std::string>& notes)
        : command_(command), machine_(machine), notes_(notes) {}

    // Makes the file visible. Returns the reason why the enclave still cannot see it, or an empty
    // text.
    std::string show(const std::string& file) {
        for (const std::string& name : sandbox::links_of(file)) {
            if (why_hidden(name).empty())
                continue;
            for (const std::string& folder : sandbox::tool_folders_of(name, machine_.homes))
                add(folder, file);
            if (const std::string why = why_hidden(name); !why.empty())
                return why;
        }
        return {};
    }

    [[nodiscard]] std::string why_hidden(const std::string& path) const {
        return sandbox::explain_missing_program(path, command_, machine_);
    }

    // The program that a search inside the enclave would find.
    [[nodiscard]] std::string found_inside(const std::string& name) const {
        for (const std::string& folder : split_search_path(command_.path)) {
            const std::string path = (fs::absolute(folder) / name).lexically_normal().string();
            if (is_executable(path) && why_hidden(path).empty() &&
                why_hidden(canonical(path)).empty())
                return path;
        }
        return {};
    }

  private:
    void add(const std::string& folder, const std::string& file) {
        auto& shown = command_.shown_folders;
        if (std::find(shown.begin(), shown.end(), folder) != shown.end())
            return;
        shown.push_back(folder);
        notes_.push_back(fmt::format("{} is seen too, read-only: {} needs it", folder, file));
    }

    sandbox::CommandRequest& command_;
    const sandbox::Machine& machine_;
    std::vector<std::string>& notes_;
};

// PATH's `glovebox`, if it is this program: `glovebox forward` in an enclave of this machine's
// folders runs whether Glovebox is installed in one of them or lies where it was built.
void show_itself(Shower& shower, sandbox::CommandRequest& command,
                 std::vector<std::string>& notes) {
    const std::string file = find_program("glovebox", command.path);
    if (file.empty() || canonical(file) != canonical("/proc/self/exe"))
        return;
    for (const std::string& name : sandbox::links_of(file)) {
        if (shower.why_hidden(name).empty())
            continue;
        command.shown_files.push_back(name);
        notes.push_back(fmt::format("{} is seen too, read-only", name));
    }
}

Error out_of_sight(const std::string& name, const std::string& why) {
    return {sandbox::SandboxError::bad_request,
            why.starts_with(name) ? why : fmt::format("{}: {}", name, why)};
}

// Makes visible the program that `name` means on this machine. An error if the enclave would run
// another one.
Result<void> show_program(Shower& shower, const std::string& name, const std::string& path) {
    const std::string file = find_program(name, path);
    if (file.empty())
        return {};
    const std::string why = shower.show(file);
    if (why.empty() || name.find('/') != std::string::npos)
        return {};  // a path that is missing inside fails when the program starts
    const std::string inside = shower.found_inside(name);
    if (!inside.empty() && canonical(inside) == canonical(file))
        return {};
    return out_of_sight(name, why);
}

// Makes visible the command's program, its script's interpreter and the script that an interpreter
// is to run.
Result<void> show_command(Shower& shower, const std::vector<std::string>& arguments,
                          const std::string& path) {
    if (arguments.empty())
        return {};
    const std::string& name = arguments.front();
    if (const auto shown = show_program(shower, name, path); !shown)
        return shown.error();
    const std::string file = find_program(name, path);
    if (const std::string interpreter = file.empty() ? "" : script_interpreter(file);
        !interpreter.empty())
        if (const auto shown = show_program(shower, interpreter, path); !shown)
            return shown.error();
    if (const auto script = sandbox::find_script(arguments, is_regular);
        script && !script->is_module) {
        const std::string named = fs::absolute(script->path).lexically_normal().string();
        if (const std::string why = shower.why_hidden(named); !why.empty())
            return out_of_sight(script->path, why);
    }
    return {};
}

}  // namespace

ToolVariables ToolVariables::read() {
    return {environment_value("VIRTUAL_ENV"), environment_value("CONDA_PREFIX"),
            environment_value("NVM_BIN")};
}

std::string find_program(const std::string& name, const std::string& path) {
    if (name.empty())
        return {};
    if (name.find('/') != std::string::npos) {
        const std::string file = fs::absolute(name).lexically_normal().string();
        return is_executable(file) ? file : std::string();
    }
    for (const std::string& folder : split_search_path(path)) {
        const std::string file = (fs::absolute(folder) / name).lexically_normal().string();
        if (is_executable(file))
            return file;
    }
    return {};
}

std::string script_interpreter(const std::string& path) {
    const std::vector<std::string> words = supervisor::interpreter_line_of(path);
    if (words.empty() || fs::path(words.front()).filename() != "env")
        return words.empty() ? std::string() : words.front();
    // env [-S] [NAME=VALUE] PROGRAM
    const auto program = std::find_if(words.begin() + 1, words.end(), [](const std::string& word) {
        return !word.starts_with('-') && word.find('=') == std::string::npos;
    });
    return program == words.end() ? words.front() : *program;
}

MeasuredCommand measure_command(const std::vector<std::string>& words,
                                const sandbox::Machine& machine, const std::string& root,
                                const std::function<std::string(const std::string&)>& host_name,
                                const std::function<std::string(const std::string&)>& find) {
    const auto command =
        started_command(words, [&](const std::string& word) { return !find(word).empty(); });
    const std::vector<std::string> arguments(command.begin(), command.end());
    const std::string program = find(arguments.empty() ? "sh" : arguments.front());
    const auto with = [&](const std::string& interpreter, const std::string& script) {
        const ScriptMeasure measure = ScriptMeasure::of(script, machine, root);
        return MeasuredCommand{interpreter, measure.script, measure.folder};
    };
    if (program.empty())
        return {};
    if (const std::string name = script_interpreter(program); !name.empty()) {
        const std::string interpreter = find(name);
        return interpreter.empty() ? MeasuredCommand{program} : with(interpreter, program);
    }
    const auto script = sandbox::find_script(
        arguments, [&](const std::string& path) { return is_regular(host_name(path)); });
    if (!script)
        return {program};
    return with(program, host_name(script->is_module ? "." : script->path));
}

MeasuredCommand measure_on_host(const std::vector<std::string>& arguments) {
    return measure_command(
        arguments, sandbox::read_machine(), "/", [](const std::string& path) { return path; },
        [](const std::string& program) {
            return find_program(program, environment_value("PATH"));
        });
}

Result<void> show_tools(sandbox::CommandRequest& command, const sandbox::Machine& machine,
                        const ToolVariables& variables, std::vector<std::string>& notes) {
    Shower shower(command, machine, notes);
    const std::vector<std::string> folders = split_search_path(command.path);
    const auto show_active = [&](const std::string& bin, const char* program) {
        const std::string file = bin + "/" + program;
        if (std::find(folders.begin(), folders.end(), bin) != folders.end() && is_executable(file))
            (void)shower.show(file);
    };
    show_active(variables.virtual_env + "/bin", "python");
    show_active(variables.conda_prefix + "/bin", "python");
    show_active(variables.nvm_bin, "node");
    show_itself(shower, command, notes);

    // The starter of a command has to be visible as well as the program that it starts.
    if (!command.arguments.empty())
        if (const auto shown = show_program(shower, command.arguments.front(), command.path);
            !shown)
            return shown.error();
    const auto started = started_command(command.arguments, [&](const std::string& word) {
        return !find_program(word, command.path).empty();
    });
    return show_command(shower, {started.begin(), started.end()}, command.path);
}

}  // namespace glovebox::enclave
