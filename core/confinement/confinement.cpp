// SPDX-License-Identifier: Apache-2.0

#include "core/confinement/confinement.h"

#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "core/confinement/call_filter.h"
#include "core/confinement/landlock.h"

namespace glovebox::core {
namespace {

// The loader and its libraries, names and their resolver, certificates, the processor's and the
// process's own state, random bytes.
constexpr std::array system_folders = {"/etc",  "/usr", "/lib", "/lib64", "/nix",
                                       "/proc", "/sys", "/dev", "/run",   "/var/run"};

// Where the kernel's resolver files really are, as they are replaced there: behind links, WSL has
// them below /mnt.
constexpr std::array resolver_files = {"/etc/resolv.conf", "/etc/hosts"};

std::vector<std::string> resolver_folders() {
    std::vector<std::string> folders;
    for (const char* const name : resolver_files) {
        std::error_code failure;
        const auto path = std::filesystem::canonical(name, failure);
        if (!failure && path.parent_path() != "/etc")
            folders.push_back(path.parent_path());
    }
    return folders;
}

// Its inodes are others each time, and Landlock's rules hold for inodes.
bool lies_on_9p(const std::string& path) {
    constexpr decltype(statfs::f_type) magic_of_9p = 0x01021997;  // <linux/magic.h>
    struct statfs system {};
    return ::statfs(path.c_str(), &system) == 0 && system.f_type == magic_of_9p;
}

// Beside what nobody needs: other processes, namespaces and mounts that are there, and the clock,
// which a supervisor reads by the call that adjusts it.
CallFilter filter_for(const Needs& needs) {
    CallFilter filter;
    filter.forbid({SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev),
                   SCMP_SYS(pidfd_getfd), SCMP_SYS(kcmp), SCMP_SYS(unshare), SCMP_SYS(setns),
                   SCMP_SYS(chroot), SCMP_SYS(mount), SCMP_SYS(umount2), SCMP_SYS(open_tree),
                   SCMP_SYS(move_mount), SCMP_SYS(adjtimex), SCMP_SYS(clock_adjtime)});
    if (!needs.starts_programs) {
        filter.forbid_programs();
        filter.forbid_processes();
    }
    return filter;
}

Result<void> limit_files(int version, const Needs& needs) {
    const std::uint64_t programs = needs.starts_programs ? 0 : Landlock::execute;
    auto landlock = Landlock::make(
        version, Landlock::read | Landlock::write | Landlock::make_devices | programs,
        needs.connects_by_tcp);
    if (!landlock)
        return landlock.error();
    const auto allow = [&](const auto& paths, std::uint64_t accesses) -> Result<void> {
        for (const auto& path : paths)
            if (const auto allowed = landlock->allow(path, accesses); !allowed)
                return allowed;
        return {};
    };
    // /dev/null and its like are written to; nobody makes a file in these.
    constexpr std::array devices = {"/dev/null", "/dev/tty"};
    for (const auto& done :
         {allow(system_folders, Landlock::read), allow(devices, Landlock::write),
          allow(resolver_folders(), Landlock::read), allow(needs.readable, Landlock::read),
          allow(needs.writable, Landlock::read | Landlock::write)})
        if (!done)
            return done;
    const auto restricted = landlock->restrict_this_thread();
    // A service that was replaced often enough (Succession) has as many sets of rules as there can
    // be, and the same ones.
    constexpr int too_many_sets = E2BIG;
    if (!restricted && restricted.error().code.value() == too_many_sets)
        return {};
    return restricted;
}

}  // namespace

Result<void> confine(const Needs& needs, Log& log) {
    if (CallFilter::is_sanitized)
        return {};
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return errno_error("no_new_privs", errno);
    // A program that is given core files, as systemd's is, keeps none of a process with this limit.
    constexpr rlimit no_core_file{0, 0};
    if (::setrlimit(RLIMIT_CORE, &no_core_file) != 0)
        return errno_error("RLIMIT_CORE", errno);
    int version = Landlock::version();
    if (std::any_of(needs.writable.begin(), needs.writable.end(), lies_on_9p) ||
        std::any_of(needs.readable.begin(), needs.readable.end(), lies_on_9p))
        version = 0;
    if (version > 0)
        if (const auto limited = limit_files(version, needs); !limited)
            return limited;
    const auto denied = filter_for(needs).install(CallFilter::Threads::callers);
    log.debug(
        "confined", "files: {}; system calls: {}",
        version > 0 ? fmt::format("Landlock {}", version) : "not confined, no Landlock for them",
        denied ? "confined" : "not confined, " + denied.error().message);
    return {};
}

}  // namespace glovebox::core
