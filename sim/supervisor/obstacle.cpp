#include "sim/supervisor/obstacle.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace glovebox::supervisor {
namespace {

namespace fs = std::filesystem;

bool holds_listener(const fs::path& process) {
    std::error_code error;
    for (fs::directory_iterator fd(process / "fd", error), end; !error && fd != end;
         fd.increment(error))
        if (fs::read_symlink(fd->path(), error) == "anon_inode:seccomp notify")
            return true;
    return false;
}

ListenerHolder holder(pid_t process) {
    std::string command;
    std::getline(std::ifstream(fmt::format("/proc/{}/comm", process)), command);
    return ListenerHolder{process, command};
}

// 0 where there is none that is seen from here.
pid_t parent_of(pid_t process) {
    std::ifstream status(fmt::format("/proc/{}/status", process));
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("PPid:"))
            return static_cast<pid_t>(std::strtol(line.c_str() + 5, nullptr, 10));
    return 0;
}

}  // namespace

std::optional<ListenerHolder> find_listener_holder() {
    for (pid_t process = ::getppid(); process > 0; process = parent_of(process))
        if (holds_listener(fmt::format("/proc/{}", process)))
            return holder(process);
    std::optional<ListenerHolder> found;
    std::error_code error;
    for (fs::directory_iterator entry("/proc", error), end; !error && entry != end;
         entry.increment(error)) {
        const std::string name = entry->path().filename();
        pid_t process = 0;
        const auto parsed = std::from_chars(name.data(), name.data() + name.size(), process);
        if (parsed.ptr != name.data() + name.size() || process == ::getpid() ||
            !holds_listener(entry->path()))
            continue;
        if (found)
            return std::nullopt;
        found = holder(process);
    }
    return found;
}

Error filter_refused(int errno_value) {
    if (errno_value != EBUSY)
        return errno_error(
            "installing the system call filter: seccomp user notification (Linux 5.14 and later, "
            "CONFIG_SECCOMP_FILTER) was expected. In a container, start it with --security-opt "
            "seccomp=unconfined",
            errno_value);
    const auto found = find_listener_holder();
    return errno_error(
        fmt::format("installing the system call filter: another program supervises this process "
                    "tree already, and the kernel allows one ({}). Start glovebox outside of it",
                    found ? fmt::format("{}, process {}", found->command, found->process)
                          : "which, this user can't see"),
        errno_value);
}

Error vsock_denied(int errno_value) {
    return errno_error(
        "a system call filter around this process denies socket(AF_VSOCK), as Docker 23 and later, "
        "containerd and podman do by default, so Glovebox never hears of the call. Start the "
        "container with --security-opt seccomp=unconfined, or with the runtime's default profile "
        "plus {\"names\": [\"socket\"], \"action\": \"SCMP_ACT_ALLOW\"}",
        errno_value);
}

}  // namespace glovebox::supervisor
