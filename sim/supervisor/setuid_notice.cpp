// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/setuid_notice.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "sim/supervisor/thread_status.h"

namespace glovebox::supervisor {
namespace {

// What the file would give to `user`; empty for nothing.
std::string_view gift_of(const std::string& file, uid_t user) {
    struct stat status {};
    if (::stat(file.c_str(), &status) != 0 || !S_ISREG(status.st_mode))
        return {};
    if ((status.st_mode & S_ISUID) != 0 && status.st_uid != user)
        return "setuid bit";
    if ((status.st_mode & S_ISGID) != 0 && (status.st_mode & S_IXGRP) != 0)
        return "setgid bit";
    if (::getxattr(file.c_str(), "security.capability", nullptr, 0) > 0)
        return "file capabilities";
    return {};
}

}  // namespace

bool SetuidNotice::handles(int number) {
    return number == SYS_execve || number == SYS_execveat;
}

void SetuidNotice::look(const SystemCall& call, Tracee& tracee) {
    const bool has_folder = call.number == SYS_execveat;
    const auto path = tracee.read_path(call.arguments[has_folder ? 1 : 0]);
    const auto status = read_thread_status(call.thread);
    if (!path || path->empty() || !status)
        return;
    const int folder = has_folder ? call.int_argument(0) : AT_FDCWD;
    const std::string from = path->starts_with('/') ? "root"
                             : folder == AT_FDCWD   ? "cwd/"
                                                    : fmt::format("fd/{}/", folder);
    const std::string file = fmt::format("/proc/{}/{}{}", call.thread, from, *path);
    const auto gift = gift_of(file, status->users.effective);
    if (!gift.empty())
        tell(*path, gift);
}

void SetuidNotice::look(const std::string& file, uid_t user) {
    const auto gift = gift_of(file, user);
    if (!gift.empty())
        tell(file, gift);
}

void SetuidNotice::tell(const std::string& path, std::string_view gift) {
    notices_.tell(LogLevel::warning, path, "no_new_privs",
                  "the {} of {} has no effect here: an ordinary user's programs are supervised "
                  "under no_new_privs. Run it outside of glovebox, or run glovebox as root",
                  gift, path);
}

bool loses_privileges() {
    const auto own = read_thread_status(::getpid());
    return own && !own->has_capability(CAP_SYS_ADMIN);
}

}  // namespace glovebox::supervisor
