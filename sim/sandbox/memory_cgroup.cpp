#include "sim/sandbox/memory_cgroup.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "core/base/unique_fd.h"

namespace glovebox::sandbox {
namespace {

constexpr std::string_view name_prefix = "glovebox-";

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

std::string make_cgroup_name() {
    // The time tells two sandboxes of one process apart.
    return fmt::format("{}{}-{:x}", name_prefix, ::getpid(),
                       std::chrono::steady_clock::now().time_since_epoch().count());
}

std::vector<std::string> remove_abandoned_cgroups(const std::string& parent) {
    std::vector<std::string> removed;
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(parent.c_str()), ::closedir);
    while (const dirent* entry = folder ? ::readdir(folder.get()) : nullptr) {
        const std::string_view name = entry->d_name;
        if (!name.starts_with(name_prefix))
            continue;
        const std::string path = parent + "/" + entry->d_name;
        const auto maker =
            static_cast<pid_t>(std::strtol(entry->d_name + name_prefix.size(), nullptr, 10));
        const bool is_alive = maker > 0 && (::kill(maker, 0) == 0 || errno == EPERM);
        // One that has processes in it stays: the kernel says EBUSY.
        if (!is_alive && ::rmdir(path.c_str()) == 0)
            removed.push_back(path);
    }
    return removed;
}

std::vector<std::string> remove_abandoned_cgroups() {
    const auto parent = find_cgroup_parent();
    return parent ? remove_abandoned_cgroups(*parent) : std::vector<std::string>();
}

Result<std::unique_ptr<MemoryCgroup>> MemoryCgroup::make(const std::string& parent,
                                                         const std::string& name,
                                                         std::uint64_t bytes) {
    const std::string path = parent + "/" + name;
    if (::mkdir(path.c_str(), 0755) != 0)
        return errno_error("make the cgroup " + path, errno);
    std::unique_ptr<MemoryCgroup> cgroup(new MemoryCgroup(path));
    if (const auto limited = write_file(path + "/memory.max", std::to_string(bytes)); !limited)
        return limited.error();
    // An enclave has no swap. A kernel without swap accounting has no such file.
    if (::access((path + "/memory.swap.max").c_str(), F_OK) == 0)
        if (const auto limited = write_file(path + "/memory.swap.max", "0"); !limited)
            return limited.error();
    return cgroup;
}

MemoryCgroup::~MemoryCgroup() {
    ::rmdir(path_.c_str());
}

Result<void> MemoryCgroup::add(pid_t pid) {
    return write_file(path_ + "/cgroup.procs", std::to_string(pid));
}

}  // namespace glovebox::sandbox
