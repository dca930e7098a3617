// SPDX-License-Identifier: Apache-2.0

#include "sim/nitro/command_root.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "core/base/bytes.h"
#include "core/base/file_bytes.h"
#include "sim/enclave/command_program.h"
#include "sim/nitro/copied_files.h"
#include "sim/nitro/python_files.h"
#include "sim/sandbox/script_argument.h"

namespace glovebox::nitro {

namespace fs = std::filesystem;

namespace {

// The one that AWS's init gives a program without variables.
constexpr std::string_view search_path =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
constexpr std::size_t script_bytes_max = 1024 * 1024;
const std::set<std::string_view> python_excluded{"__pycache__", "ensurepip",  "idlelib", "lib2to3",
                                                 "test",        "turtledemo", "tkinter"};

bool is_without_use(const std::string& name) {
    return python_excluded.contains(name);
}

// As in the simulation's measurement of a script (nsm-mock/module/folder_digest.h).
bool is_not_measured(const std::string& name) {
    return name.starts_with('.') || name == "__pycache__";
}

std::string text_of_script(const fs::path& path) {
    const auto content = read_file_bytes(path.string(), script_bytes_max);
    const std::string text = content ? std::string(as_text(*content)) : std::string();
    return text.starts_with("#!") ? text : std::string();
}

std::set<std::string> words_of(std::string_view text) {
    constexpr std::string_view of_a_word =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./+";
    std::set<std::string> words;
    for (std::size_t begin = text.find_first_of(of_a_word); begin != text.npos;) {
        const std::size_t end = std::min(text.find_first_not_of(of_a_word, begin), text.size());
        words.emplace(text.substr(begin, end - begin));
        begin = text.find_first_of(of_a_word, end);
    }
    return words;
}

// Whether it is a folder that PATH leads to.
bool is_of_system(const fs::path& folder) {
    return words_of(search_path).contains(folder.string());
}

bool is_hidden(const fs::path& path) {
    const std::string text = path.string() + "/";
    return text.starts_with("/tmp/") || text.starts_with("/run/");
}

class Maker {
  public:
    Maker(const up::EnclavePart& enclave, fs::path folder, std::string glovebox, fs::path root)
        : enclave_(enclave),
          folder_(std::move(folder)),
          glovebox_(std::move(glovebox)),
          files_(std::move(root)) {}

    Result<CommandRoot> make() {
        for (const fs::path& path : {folder_, fs::path(glovebox_)})
            if (is_hidden(path))
                return invalid_input(fmt::format(
                    "{} is hidden in an enclave, where AWS's init mounts empty folders at /tmp and "
                    "/run: move it elsewhere",
                    path.string()));
        const std::string program = find(enclave_.command.front());
        if (program.empty())
            return invalid_input(fmt::format("command: the program {} is not found in {} or in {}",
                                             enclave_.command.front(), folder_.string(),
                                             search_path));
        Result<void> good = add_scripts(program);
        // init starts a program in /, and a shell changes the folder.
        if (good)
            good = add_program("/bin/sh");
        if (good)
            good = add_program(program);
        for (const std::string& word : enclave_.command)
            if (good)
                good = add_words(word);
        if (good && enclave_.egress)
            good = files_.add_file(glovebox_);
        for (const std::string& mount : enclave_.mounts)
            if (good)
                good = files_.add_folder(mount);
        if (good)
            good = files_.make_folder(folder_);
        if (!good)
            return good.error();
        return CommandRoot{command(), environment()};
    }

  private:
    // This machine's path of the program, by its name or path; empty if it is not found.
    std::string find(const std::string& name) const {
        if (name.find('/') == std::string::npos)
            return name == "glovebox" ? glovebox_
                                      : enclave::find_program(name, std::string(search_path));
        const fs::path path = (folder_ / name).lexically_normal();
        return enclave::find_program(path.string(), {});
    }

    // The folder of each script is in the image, as it is measured in the simulation.
    Result<void> add_scripts(const std::string& program) {
        const fs::path own = fs::path(program).parent_path();
        if (!text_of_script(program).empty() && !is_of_system(own))
            scripts_.insert(own);
        const auto script = sandbox::find_script(enclave_.command, [&](const std::string& name) {
            std::error_code ignored;
            return fs::is_regular_file(folder_ / name, ignored);
        });
        if (script)
            scripts_.insert(script->is_module
                                ? folder_
                                : (folder_ / script->path).lexically_normal().parent_path());
        for (const fs::path& one : scripts_)
            if (const auto added = files_.add_folder(one, is_not_measured); !added)
                return added;
        for (const std::string& mount : enclave_.mounts)
            scripts_.insert(mount);
        return {};
    }

    Result<void> add_program(const std::string& path) {
        if (!seen_.insert(path).second)
            return {};
        if (const auto added = files_.add_file(path); !added)
            return added;
        if (is_python(path))
            return add_python(path);
        const std::string text = text_of_script(path);
        return text.empty() ? Result<void>() : add_words(text);
    }

    // Each of them that names a program.
    Result<void> add_words(const std::string& text) {
        for (const std::string& word : words_of(text))
            if (const std::string path = find(word); !path.empty() && !fs::is_directory(path))
                if (const auto added = add_program(path); !added)
                    return added;
        return {};
    }

    Result<void> add_python(const std::string& program) {
        const auto paths = python_files(program, {scripts_.begin(), scripts_.end()});
        if (!paths)
            return paths.error();
        for (const fs::path& path : *paths) {
            const auto added = fs::is_directory(path) ? files_.add_folder(path, is_without_use)
                                                      : files_.add_file(path);
            if (!added)
                return added;
        }
        return {};
    }

    std::vector<std::string> command() const {
        std::vector<std::string> words{"/bin/sh", "-c", "cd \"$0\" && exec \"$@\"",
                                       folder_.string()};
        if (enclave_.egress) {
            words.insert(words.end(), {glovebox_, "forward", "--transport", "vsock", "--egress",
                                       "--egress-proxy", enclave_.egress_proxy});
            const auto add_ports = [&](const char* option, const std::vector<std::string>& ports) {
                if (!ports.empty())
                    words.insert(words.end(), {option, fmt::format("{}", fmt::join(ports, ","))});
            };
            add_ports("--egress-ports", enclave_.egress_ports);
            add_ports("--egress-shared-ports", enclave_.egress_shared_ports);
            words.insert(words.end(), {"--grace", "0s", "--"});
        }
        words.insert(words.end(), enclave_.command.begin(), enclave_.command.end());
        return words;
    }

    std::vector<std::string> environment() const {
        const fs::path own_folder = fs::path(glovebox_).parent_path();
        std::vector<std::string> lines{
            fmt::format("PATH={}{}", search_path,
                        files_.has(glovebox_) ? ":" + own_folder.string() : std::string())};
        for (const auto& [name, value] : enclave_.environment) {
            if (name == "PATH")
                lines.erase(lines.begin());
            lines.push_back(name + "=" + value);
        }
        return lines;
    }

    const up::EnclavePart& enclave_;
    fs::path folder_;
    std::string glovebox_;
    CopiedFiles files_;
    std::set<fs::path> scripts_;  // folders
    std::set<std::string> seen_;  // programs
};

}  // namespace

Result<CommandRoot> make_command_root(const up::EnclavePart& enclave, const fs::path& folder,
                                      const std::string& glovebox, const fs::path& root) {
    return Maker(enclave, folder, glovebox, root).make();
}

}  // namespace glovebox::nitro
