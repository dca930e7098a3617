// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/obstacle.h"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/system/error_category.hpp>
#include <boost/system/error_code.hpp>
#include <cerrno>
#include <filesystem>
#include <fstream>

#include "core/base/container.h"
#include "sim/supervisor/thread_status.h"

namespace glovebox::supervisor {
namespace {

namespace fs = std::filesystem;

// Boost's category is never deleted, and has no virtual destructor for that reason.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"
class DenialCategory final : public boost::system::error_category {
  public:
    [[nodiscard]] const char* name() const noexcept override { return "glovebox.vsock_denied"; }
    [[nodiscard]] std::string message(int value) const override { return errno_text(value); }
};
#pragma GCC diagnostic pop

const boost::system::error_category& denial_category() {
    static const DenialCategory category;
    return category;
}

bool holds_listener(const fs::path& process) {
    std::error_code error;
    for (fs::directory_iterator fd(process / "fd", error), end; !error && fd != end;
         fd.increment(error))
        if (fs::read_symlink(fd->path(), error) == "anon_inode:seccomp notify")
            return true;
    return false;
}

}  // namespace

std::optional<ListenerHolder> find_listener_holder() {
    auto status = read_thread_status(::getpid());
    while (status && status->parent != 0) {
        const pid_t ancestor = status->parent;
        const fs::path process = fmt::format("/proc/{}", ancestor);
        if (holds_listener(process)) {
            std::string command;
            std::getline(std::ifstream(process / "comm"), command);
            return ListenerHolder{ancestor, command};
        }
        status = read_thread_status(ancestor);
    }
    return std::nullopt;
}

bool is_under_filters() {
    const auto own = read_thread_status(::getpid());
    return !own || own->filters != 0U;
}

Error filter_refused(int errno_value) {
    if (errno_value != EBUSY)
        return errno_error("cannot install the system call filter", errno_value)
            .with_advice(fmt::format(
                "It needs seccomp user notification (Linux 5.14 and later, CONFIG_SECCOMP_FILTER). "
                "Start a container with {}",
                profile_settings(find_container())));
    const auto holder = find_listener_holder();
    return errno_error("cannot install the system call filter", errno_value)
        .with_advice(fmt::format(
            "Another program supervises this process tree already, and the kernel allows one "
            "({}). Start glovebox outside of it",
            holder ? fmt::format("{}, process {}", holder->command, holder->process)
                   : "none of this process's ancestors, as far as this user may look"));
}

Error vsock_denied(int errno_value, bool needs_sandbox) {
    const auto container = find_container();
    return Error(boost::system::error_code(errno_value, denial_category()),
                 errno_error("a system call filter around this process denies socket(AF_VSOCK)",
                             errno_value)
                     .message)
        .with_advice(fmt::format(
            "Docker 23 and later, containerd and Kubernetes do so by default. Start the "
            "container with {}",
            needs_sandbox ? sandbox_settings(container) : profile_settings(container)));
}

bool is_vsock_denial(const Error& error) {
    return error.code.category() == denial_category();
}

Error tracing_refused(int errno_value) {
    const auto container = find_container();
    return errno_error(
               "cannot trace the program (ptrace), which is how its AF_VSOCK sockets are made "
               "where a system call filter denies them",
               errno_value)
        .with_advice(fmt::format("Start the container with {}. Or allow ptrace: with {}, or by "
                                 "the sysctl kernel.yama.ptrace_scope=1",
                                 profile_settings(container), ptrace_settings(container)));
}

}  // namespace glovebox::supervisor
