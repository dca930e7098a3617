// SPDX-License-Identifier: Apache-2.0

#include "sim/sandbox/memory_cgroup.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <sstream>

#include "core/base/unique_fd.h"

namespace glovebox::sandbox {
namespace {

bool hands_on_memory(const std::string& folder) {
    std::ifstream in(folder + "/cgroup.subtree_control");
    for (std::string controller; in >> controller;)
        if (controller == "memory")
            return true;
    return false;
}

bool may_write(const std::string& path) {
    return ::access(path.c_str(), W_OK) == 0;
}

Result<void> write_file(const std::string& path, const std::string& text) {
    const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!file)
        return errno_error("open " + path, errno);
    if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
        return errno_error("write " + path, errno);
    return {};
}

}  // namespace

std::string parse_own_cgroup(std::string_view text) {
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        if (line.starts_with("0::"))
            return std::string(line.substr(3));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return {};
}

std::optional<std::string> find_cgroup_parent(const std::string& mount, const std::string& own) {
    for (std::string folder = own;; folder.erase(folder.rfind('/'))) {
        const std::string path = folder == "/" ? mount : mount + folder;
        if (hands_on_memory(path) && may_write(path) && may_write(path + "/cgroup.procs"))
            return path;
        if (folder.find('/') == std::string::npos)
            return std::nullopt;
    }
}

std::optional<std::string> find_cgroup_parent() {
    std::ostringstream own;
    own << std::ifstream("/proc/self/cgroup").rdbuf();
    std::ifstream mounts("/proc/self/mounts");
    for (std::string line; std::getline(mounts, line);) {
        std::istringstream fields(line);
        std::string source;
        std::string folder;
        std::string type;
        if (fields >> source >> folder >> type && type == "cgroup2")
            return find_cgroup_parent(folder, parse_own_cgroup(own.str()));
    }
    return std::nullopt;
}

Result<std::unique_ptr<MemoryCgroup>> MemoryCgroup::make(const std::string& parent,
                                                         std::uint64_t bytes) {
    auto made = Scratch::make_folder(parent, fmt::format("glovebox-{}-", ::getpid()));
    if (!made)
        return Error(made.error()).in("make a cgroup");
    std::unique_ptr<MemoryCgroup> cgroup(new MemoryCgroup(std::move(*made)));
    const std::string& path = cgroup->path();
    if (const auto limited = write_file(path + "/memory.max", std::to_string(bytes)); !limited)
        return limited.error();
    // An enclave has no swap. A kernel without swap accounting has no such file.
    if (::access((path + "/memory.swap.max").c_str(), F_OK) == 0)
        if (const auto limited = write_file(path + "/memory.swap.max", "0"); !limited)
            return limited.error();
    return cgroup;
}

Result<void> MemoryCgroup::add(pid_t pid) {
    return write_file(path() + "/cgroup.procs", std::to_string(pid));
}

}  // namespace glovebox::sandbox
