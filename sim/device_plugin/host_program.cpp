// SPDX-License-Identifier: Apache-2.0

#include "sim/device_plugin/host_program.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include "core/base/program_head.h"

namespace glovebox::device_plugin {
namespace {

constexpr mode_t writable_by_others = S_IWGRP | S_IWOTH;
constexpr std::size_t copied_at_once = 1 << 20;

// Whether the file or folder is this user's alone to change.
Result<void> check_owner(int fd, const std::filesystem::path& path) {
    struct stat found {};
    if (::fstat(fd, &found) != 0)
        return errno_error(path.string(), errno);
    if (found.st_uid != ::geteuid() || (found.st_mode & writable_by_others) != 0)
        return system_error(
            EPERM, fmt::format("{}: others may change it (owner {}, mode {:04o}), and containers "
                               "would run what they put there: chown {} and chmod go-w are needed",
                               path.string(), found.st_uid, found.st_mode & 07777, ::geteuid()));
    return {};
}

Result<void> copy(int from, int to, const std::string& name) {
    for (;;) {
        const ssize_t copied = ::sendfile(to, from, nullptr, copied_at_once);
        if (copied == 0)
            return {};
        if (copied < 0 && errno != EINTR)
            return errno_error(name, errno);
    }
}

}  // namespace

Result<StaticProgram> StaticProgram::open(const std::filesystem::path& path) {
    UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file)
        return errno_error(path.string(), errno);
    std::array<unsigned char, program_head_bytes> start{};
    const ssize_t size = ::pread(file.get(), start.data(), start.size(), 0);
    if (size < 0)
        return errno_error(path.string(), errno);
    const ProgramHead head =
        read_program_head(BytesView(start).first(static_cast<std::size_t>(size)));
    if (!head.interpreter.empty())
        return invalid_input(fmt::format(
            "{} needs {}, which the containers may lack: a static program was expected, as "
            "ci/package builds it",
            path.string(), head.interpreter));
    return StaticProgram(std::move(file));
}

Result<void> HostProgram::install(const StaticProgram& program) const {
    if (::mkdir(folder_.c_str(), 0755) != 0 && errno != EEXIST)
        return errno_error(folder_.string(), errno);
    const UniqueFd folder(::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!folder)
        return errno_error(folder_.string(), errno);
    if (auto checked = check_owner(folder.get(), folder_); !checked)
        return checked;

    // A new file under the old one's name, so that a running container keeps what it has.
    constexpr const char* fresh_name = ".glovebox.new";
    const std::string fresh_path = (folder_ / fresh_name).string();
    ::unlinkat(folder.get(), fresh_name, 0);  // what a killed plugin has left
    const UniqueFd fresh(::openat(folder.get(), fresh_name,
                                  O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fresh)
        return errno_error(fresh_path, errno);
    if (auto copied = copy(program.fd(), fresh.get(), fresh_path); !copied) {
        ::unlinkat(folder.get(), fresh_name, 0);
        return copied;
    }
    // fchmod, since the process's umask is narrow.
    if (::fchmod(fresh.get(), 0755) != 0 || ::fsync(fresh.get()) != 0 ||
        ::renameat(folder.get(), fresh_name, folder.get(), path().filename().c_str()) != 0)
        return errno_error(fresh_path, errno);
    return check();
}

Result<void> HostProgram::check() const {
    const UniqueFd file(::open(path().c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    if (!file)
        return errno_error(path().string(), errno);
    struct stat found {};
    if (::fstat(file.get(), &found) != 0)
        return errno_error(path().string(), errno);
    if (!S_ISREG(found.st_mode) || (found.st_mode & 0555) != 0555)
        return system_error(EACCES, fmt::format("{}: mode {:06o}: a program that everybody may run "
                                                "was expected",
                                                path().string(), found.st_mode));
    return check_owner(file.get(), path());
}

}  // namespace glovebox::device_plugin
