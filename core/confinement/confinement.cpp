// SPDX-License-Identifier: Apache-2.0

#include "core/confinement/confinement.h"

#include <sched.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <memory>
#include <string_view>
#include <system_error>

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

// A leak checker looks into its own process from another one.
constexpr bool is_sanitized =
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    true;
#else
    false;
#endif

// What no service needs: other processes, namespaces, mounts, the kernel and its clocks, ways to
// files around their names, and interfaces with a history of holes.
constexpr std::array forbidden_calls = {
    SCMP_SYS(ptrace),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(process_madvise),
    SCMP_SYS(pidfd_getfd),
    SCMP_SYS(kcmp),
    SCMP_SYS(unshare),
    SCMP_SYS(setns),
    SCMP_SYS(chroot),
    SCMP_SYS(pivot_root),
    SCMP_SYS(mount),
    SCMP_SYS(umount2),
    SCMP_SYS(open_tree),
    SCMP_SYS(move_mount),
    SCMP_SYS(fsopen),
    SCMP_SYS(fsconfig),
    SCMP_SYS(fsmount),
    SCMP_SYS(fspick),
    SCMP_SYS(mount_setattr),
    SCMP_SYS(bpf),
    SCMP_SYS(perf_event_open),
    SCMP_SYS(userfaultfd),
    SCMP_SYS(io_uring_setup),
    SCMP_SYS(io_uring_enter),
    SCMP_SYS(io_uring_register),
    SCMP_SYS(add_key),
    SCMP_SYS(request_key),
    SCMP_SYS(keyctl),
    SCMP_SYS(init_module),
    SCMP_SYS(finit_module),
    SCMP_SYS(delete_module),
    SCMP_SYS(kexec_load),
    SCMP_SYS(kexec_file_load),
    SCMP_SYS(reboot),
    SCMP_SYS(swapon),
    SCMP_SYS(swapoff),
    SCMP_SYS(acct),
    SCMP_SYS(quotactl),
    SCMP_SYS(settimeofday),
    SCMP_SYS(clock_settime),
    SCMP_SYS(adjtimex),
    SCMP_SYS(clock_adjtime),
    SCMP_SYS(sethostname),
    SCMP_SYS(setdomainname),
    SCMP_SYS(open_by_handle_at),
    SCMP_SYS(iopl),
    SCMP_SYS(ioperm),
    SCMP_SYS(syslog),
    SCMP_SYS(vhangup),
    SCMP_SYS(nfsservctl),
};

Result<void> deny(scmp_filter_ctx filter, const Needs& needs) {
    int failure = 0;
    const auto add = [&](std::uint32_t action, int call, auto... when) {
        if (failure == 0 && call != __NR_SCMP_ERROR)
            failure = ::seccomp_rule_add(filter, action, call, sizeof...(when), when...);
    };
    constexpr std::uint32_t denied = SCMP_ACT_ERRNO(EPERM);
    for (const int call : forbidden_calls)
        add(denied, call);
    // The flags of clone3 lie in memory. The C library uses clone where there is no clone3.
    add(SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3));
    for (const int space : {CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWIPC,
                            CLONE_NEWUTS, CLONE_NEWCGROUP})
        add(denied, SCMP_SYS(clone),
            SCMP_A0(SCMP_CMP_MASKED_EQ, static_cast<scmp_datum_t>(space),
                    static_cast<scmp_datum_t>(space)));
    if (!needs.starts_programs) {
        add(denied, SCMP_SYS(execve));
        add(denied, SCMP_SYS(execveat));
        add(denied, SCMP_SYS(fork));
        add(denied, SCMP_SYS(vfork));
        add(denied, SCMP_SYS(clone), SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
    }
    if (failure == 0)
        failure = ::seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0);  // done for Landlock as well
    if (failure == 0)
        failure = ::seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, denied);
    if (failure == 0)
        failure = ::seccomp_load(filter);
    return failure == 0 ? Result<void>() : errno_error("cannot forbid system calls", -failure);
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
    if (is_sanitized)
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
    const std::unique_ptr<void, decltype(&::seccomp_release)> filter(::seccomp_init(SCMP_ACT_ALLOW),
                                                                     ::seccomp_release);
    if (!filter)
        return errno_error("cannot forbid system calls", ENOMEM);
    const auto denied = deny(filter.get(), needs);
    // EINVAL and ENOSYS are a kernel's without seccomp, EACCES a container's that forbids it.
    log.debug(
        "confined", "files: {}; system calls: {}",
        version > 0 ? fmt::format("Landlock {}", version) : "not confined, no Landlock for them",
        denied ? "confined" : "not confined, " + denied.error().message);
    return {};
}

}  // namespace glovebox::core
