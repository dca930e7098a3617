// SPDX-License-Identifier: Apache-2.0

#include "core/confinement/call_filter.h"

#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

namespace glovebox::core {
namespace {

constexpr std::uint32_t denied = SCMP_ACT_ERRNO(EPERM);

constexpr std::array unneeded_calls = {
    SCMP_SYS(process_madvise),
    SCMP_SYS(pivot_root),
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
    SCMP_SYS(sethostname),
    SCMP_SYS(setdomainname),
    SCMP_SYS(open_by_handle_at),
    SCMP_SYS(iopl),
    SCMP_SYS(ioperm),
    SCMP_SYS(syslog),
    SCMP_SYS(vhangup),
    SCMP_SYS(nfsservctl),
};

constexpr std::array new_namespaces = {CLONE_NEWUSER, CLONE_NEWNS,  CLONE_NEWPID,   CLONE_NEWNET,
                                       CLONE_NEWIPC,  CLONE_NEWUTS, CLONE_NEWCGROUP};
constexpr int new_time_namespace = 0x80;  // CLONE_NEWTIME, of unshare alone

// What puts input into a terminal, as if its user had typed it.
constexpr std::array typing_requests = {TIOCSTI, TIOCLINUX};

scmp_arg_cmp has_flag(unsigned argument, int flag) {
    const auto bits = static_cast<scmp_datum_t>(flag);
    return {argument, SCMP_CMP_MASKED_EQ, bits, bits};
}

// A C int is the low half of its register.
scmp_arg_cmp int_is(unsigned argument, int value) {
    return {argument, SCMP_CMP_MASKED_EQ, 0xffffffffu, static_cast<scmp_datum_t>(value)};
}

}  // namespace

template <class... When>
void CallFilter::add(std::uint32_t action, int call, When... when) {
    if (failure_ == 0 && call != __NR_SCMP_ERROR)
        failure_ = -::seccomp_rule_add(context_.get(), action, call, sizeof...(when), when...);
}

void CallFilter::set(int attribute, std::uint32_t value) {
    if (failure_ == 0)
        failure_ =
            -::seccomp_attr_set(context_.get(), static_cast<scmp_filter_attr>(attribute), value);
}

CallFilter::CallFilter()
    : context_(::seccomp_init(SCMP_ACT_ALLOW), ::seccomp_release), failure_(context_ ? 0 : ENOMEM) {
    for (const int call : unneeded_calls)
        add(denied, call);
    add(SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3));
    for (const int space : new_namespaces) {
        add(denied, SCMP_SYS(clone), has_flag(0, space));
        add(denied, SCMP_SYS(unshare), has_flag(0, space));
    }
    add(denied, SCMP_SYS(unshare), has_flag(0, new_time_namespace));
    for (const int request : typing_requests)
        add(denied, SCMP_SYS(ioctl), int_is(1, request));
}

void CallFilter::forbid(std::initializer_list<int> calls) {
    for (const int call : calls)
        add(denied, call);
}

void CallFilter::forbid_programs() {
    forbid({SCMP_SYS(execve), SCMP_SYS(execveat)});
}

void CallFilter::forbid_processes() {
    forbid({SCMP_SYS(fork), SCMP_SYS(vfork)});
    add(denied, SCMP_SYS(clone), scmp_arg_cmp{0, SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0});
}

void CallFilter::forbid_sockets_but_unix() {
    add(denied, SCMP_SYS(socket), scmp_arg_cmp{0, SCMP_CMP_NE, AF_UNIX, 0});
}

Result<void> CallFilter::install(Threads threads) {
    // The kernel asks for it, and gives it to the other threads with the filter.
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return errno_error("no_new_privs", errno);
    set(SCMP_FLTATR_CTL_NNP, 0);
    set(SCMP_FLTATR_ACT_BADARCH, denied);
    set(SCMP_FLTATR_CTL_TSYNC, threads == Threads::all ? 1 : 0);
    // Kernels before 5.16 would take speculation from it otherwise.
    set(SCMP_FLTATR_CTL_SSB, 1);
    // A tree instead of a list: few instructions for what passes.
    set(SCMP_FLTATR_CTL_OPTIMIZE, 2);
    if (failure_ == 0)
        failure_ = -::seccomp_load(context_.get());
    return failure_ == 0 ? Result<void>() : errno_error("cannot forbid system calls", failure_);
}

}  // namespace glovebox::core
