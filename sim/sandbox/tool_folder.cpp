// SPDX-License-Identifier: Apache-2.0

#include "sim/sandbox/tool_folder.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "sim/sandbox/lies_in.h"

namespace glovebox::sandbox {
namespace {

namespace fs = std::filesystem;

constexpr int links_max = 40;  // the kernel's own limit

template <class Range, class Value>
bool holds(const Range& range, const Value& value) {
    return std::find(std::begin(range), std::end(range), value) != std::end(range);
}

void add_once(std::vector<std::string>& out, const fs::path& path) {
    if (!holds(out, path.string()))
        out.push_back(path.string());
}

bool is_folder(const fs::path& path) {
    std::error_code ignored;
    return fs::is_directory(path, ignored);
}

bool is_virtual_environment(const fs::path& prefix) {
    std::error_code ignored;
    return fs::is_regular_file(prefix / "pyvenv.cfg", ignored);
}

// The bin folder of the Python that a virtual environment is based on; empty if that is not stated.
std::string base_of(const fs::path& environment) {
    std::ifstream settings(environment / "pyvenv.cfg");
    for (std::string line; std::getline(settings, line);)
        if (std::string_view key = "home = "; line.starts_with(key))
            return line.substr(key.size());
    return {};
}

// Whether it holds more than one tool's files, some of them private.
bool is_shared(const fs::path& prefix, const std::vector<std::string>& homes) {
    static constexpr std::array common{"/",    "/tmp",     "/var", "/var/tmp",
                                       "/run", "/dev/shm", "/home"};
    const bool is_below_home =
        std::any_of(homes.begin(), homes.end(), [&](const std::string& home) {
            return lies_in(home, prefix.string()) ||
                   (prefix.parent_path() == home && prefix.filename().string().starts_with('.'));
        });
    return holds(common, prefix.string()) || (is_below_home && !is_virtual_environment(prefix));
}

}  // namespace

std::vector<std::string> links_of(const std::string& path) {
    std::vector<std::string> names;
    fs::path at = fs::path(path).lexically_normal();
    for (int links = 0; links < links_max; ++links) {
        add_once(names, at);
        std::error_code error;
        const fs::path folder = fs::canonical(at.parent_path(), error);
        if (error)
            break;
        at = folder / at.filename();
        add_once(names, at);
        const fs::path text = fs::read_symlink(at, error);
        if (error)
            break;
        at = (folder / text).lexically_normal();
    }
    return names;
}

std::vector<std::string> tool_folders_of(const std::string& path,
                                         const std::vector<std::string>& homes) {
    static constexpr std::array program_folders{"bin", "sbin", "shims"};
    const fs::path folder = fs::path(path).parent_path();
    if (!holds(program_folders, folder.filename().string()))
        return {};
    const fs::path prefix = folder.parent_path();
    std::vector<std::string> folders;
    if (folder.filename() == "shims" ? !holds(homes, prefix.string()) : !is_shared(prefix, homes)) {
        add_once(folders, prefix);
    } else {
        add_once(folders, folder);
        if (!holds(homes, prefix.string()))
            for (const char* beside : {"lib", "lib64", "libexec"})
                if (is_folder(prefix / beside))
                    add_once(folders, prefix / beside);
    }
    if (const std::string base = base_of(prefix); base.starts_with('/') && is_folder(base))
        for (const std::string& one :
             tool_folders_of((fs::path(base) / "python3").lexically_normal().string(), homes))
            add_once(folders, one);
    return folders;
}

}  // namespace glovebox::sandbox
