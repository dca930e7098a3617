// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/path_walk.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <fstream>
#include <string_view>
#include <vector>

namespace glovebox::supervisor {
namespace {

constexpr ino_t proc_root_inode = 1;  // PROC_ROOT_INO

UniqueFd open_path(int directory, const char* name, int flags) {
    return UniqueFd(::openat(directory, name, O_PATH | O_CLOEXEC | flags));
}

bool is_same_file(int one, int other) {
    struct stat of_one {};
    struct stat of_other {};
    return ::fstat(one, &of_one) == 0 && ::fstat(other, &of_other) == 0 &&
           of_one.st_dev == of_other.st_dev && of_one.st_ino == of_other.st_ino;
}

bool is_on_procfs(int folder) {
    struct statfs status {};
    return ::fstatfs(folder, &status) == 0 && status.f_type == PROC_SUPER_MAGIC;
}

bool is_proc_root(int folder) {
    struct stat status {};
    return ::fstat(folder, &status) == 0 && status.st_ino == proc_root_inode &&
           is_on_procfs(folder);
}

// The thread's number in the PID namespace that it is in (proc_pid_status(5), NSpid).
std::string innermost_number(pid_t thread) {
    std::ifstream status(fmt::format("/proc/{}/status", thread));
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("NSpid:"))
            return line.substr(line.find_last_of("\t ") + 1);
    return std::to_string(thread);
}

// What /proc/self and /proc/thread-self are for the thread, in the procfs whose root is given. A
// thread's own number is there also where it isn't listed.
std::string self_in(int proc_root, pid_t thread) {
    const UniqueFd ours = open_path(AT_FDCWD, "/proc", O_DIRECTORY);
    return is_same_file(proc_root, ours.get()) ? std::to_string(thread) : innermost_number(thread);
}

std::optional<std::string> link_text(int directory, const std::string& path) {
    std::array<char, PATH_MAX> text;
    const ssize_t bytes = ::readlinkat(directory, path.c_str(), text.data(), text.size());
    if (bytes <= 0)
        return std::nullopt;
    return std::string(text.data(), static_cast<std::size_t>(bytes));
}

// Components that are still to be walked, the next one at the back.
void push_components(std::vector<std::string>& rest, std::string_view path) {
    // A folder is asked for: "." says so at any place.
    if (path.ends_with('/'))
        rest.emplace_back(".");
    while (!path.empty()) {
        const std::size_t slash = path.rfind('/');
        const std::string_view last =
            slash == std::string_view::npos ? path : path.substr(slash + 1);
        if (!last.empty())
            rest.emplace_back(last);
        path = slash == std::string_view::npos ? "" : path.substr(0, slash);
    }
}

// The folder from which openat(directory, ...) of the thread resolves a relative path.
std::string start_of(pid_t thread, int directory) {
    return directory == AT_FDCWD ? fmt::format("/proc/{}/cwd", thread)
                                 : fmt::format("/proc/{}/fd/{}", thread, directory);
}

}  // namespace

std::optional<PathEnd> walk_path(pid_t thread, int directory, const std::string& path,
                                 bool follows_last) {
    const UniqueFd root =
        open_path(AT_FDCWD, fmt::format("/proc/{}/root", thread).c_str(), O_DIRECTORY);
    const auto from_root = [&] { return UniqueFd(::fcntl(root.get(), F_DUPFD_CLOEXEC, 0)); };
    const std::string start = start_of(thread, directory);
    UniqueFd at = path.starts_with('/') ? from_root() : open_path(AT_FDCWD, start.c_str(), 0);
    std::vector<std::string> rest;
    push_components(rest, path);
    int links = 0;
    while (at && !rest.empty()) {
        std::string name = std::move(rest.back());
        rest.pop_back();
        if (name == ".")
            continue;
        if (name == "..") {
            if (!is_same_file(at.get(), root.get()))
                at = open_path(at.get(), "..", O_DIRECTORY);
            continue;
        }
        if ((name == "self" || name == "thread-self") && is_proc_root(at.get()))
            name = self_in(at.get(), thread);
        const bool is_last = rest.empty();
        UniqueFd next = open_path(at.get(), name.c_str(), O_NOFOLLOW);
        struct stat status {};
        const bool is_link = next && ::fstat(next.get(), &status) == 0 && S_ISLNK(status.st_mode);
        if (is_last && !is_link)
            return PathEnd{std::move(at), std::move(name)};
        if (is_last && !follows_last)
            return std::nullopt;
        if (!is_link) {
            at = std::move(next);
            continue;
        }
        if (++links > links_max)
            return std::nullopt;
        // Below its root, procfs's links lead to files themselves.
        if (is_on_procfs(at.get()) && !is_proc_root(at.get())) {
            if (is_last)
                return PathEnd{std::move(at), std::move(name), true};
            at = open_path(at.get(), name.c_str(), 0);
            continue;
        }
        const auto text = link_text(next.get(), "");
        if (!text)
            return std::nullopt;
        if (text->starts_with('/'))
            at = from_root();
        push_components(rest, *text);
    }
    return std::nullopt;
}

UniqueFd open_path_end(pid_t thread, int directory, const std::string& path, bool follows_last) {
    const bool is_absolute = path.starts_with('/');
    const std::string start_path =
        is_absolute ? fmt::format("/proc/{}/root", thread) : start_of(thread, directory);
    const UniqueFd start = open_path(AT_FDCWD, start_path.c_str(), 0);
    open_how how{};
    how.flags = O_PATH | O_CLOEXEC | (follows_last ? 0u : static_cast<unsigned>(O_NOFOLLOW));
    // A relative path whose links or ".." lead out of its start is for the walk, which knows the
    // thread's root.
    how.resolve = RESOLVE_NO_MAGICLINKS | (is_absolute ? RESOLVE_IN_ROOT : RESOLVE_BENEATH);
    UniqueFd file(
        static_cast<int>(::syscall(SYS_openat2, start.get(), path.c_str(), &how, sizeof how)));
    if (file)
        return file;
    const auto end = walk_path(thread, directory, path, follows_last);
    return end ? open_path(end->folder.get(), end->name.c_str(), end->is_file_link ? 0 : O_NOFOLLOW)
               : UniqueFd();
}

std::optional<std::string> link_at_end(pid_t thread, int directory, const std::string& path,
                                       bool shares_root) {
    if (path.empty())
        return std::nullopt;
    if (!path.starts_with('/'))
        return link_text(AT_FDCWD, start_of(thread, directory) + "/" + path);
    return link_text(AT_FDCWD, shares_root ? path : fmt::format("/proc/{}/root{}", thread, path));
}

}  // namespace glovebox::supervisor
