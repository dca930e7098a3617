// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/syscall_filter.h"

#include <fcntl.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <initializer_list>
#include <memory>

#include "sim/supervisor/ioctl_numbers.h"
#include "sim/supervisor/kernel_features.h"
#include "sim/supervisor/node_calls.h"
#include "sim/supervisor/seccomp_abi.h"
#include "sim/supervisor/sigpipe_handler.h"
#include "sim/supervisor/tracer.h"

namespace glovebox::supervisor {
namespace {

// A C int is the low half of its register; nothing is promised of the upper half.
scmp_arg_cmp int_is(unsigned argument, int value) {
    return {argument, SCMP_CMP_MASKED_EQ, 0xffffffffu, static_cast<std::uint32_t>(value)};
}
scmp_arg_cmp lacks(unsigned argument, int flag) {
    return {argument, SCMP_CMP_MASKED_EQ, static_cast<scmp_datum_t>(flag), 0};
}

// Collects rules; the first failure is kept.
class Rules {
  public:
    Rules() : context_(::seccomp_init(SCMP_ACT_ALLOW), ::seccomp_release) {
        if (!context_)
            failure_ = ENOMEM;
    }

    void set(scmp_filter_attr attribute, std::uint32_t value) {
        note(context_ ? ::seccomp_attr_set(context_.get(), attribute, value) : 0);
    }
    // A system call that this architecture doesn't have (open on aarch64) is passed over.
    void add(std::uint32_t action, int number, std::initializer_list<scmp_arg_cmp> when = {}) {
        if (context_ && number != __NR_SCMP_ERROR)
            note(::seccomp_rule_add_array(context_.get(), action, number,
                                          static_cast<unsigned>(when.size()), when.begin()));
    }
    [[nodiscard]] Result<std::vector<sock_filter>> compile() {
        if (failure_ != 0)
            return errno_error("cannot build the system call filter", failure_);
        const UniqueFd file(::memfd_create("filter", MFD_CLOEXEC));
        if (!file)
            return errno_error("cannot build the system call filter: memfd_create", errno);
        if (const int error = ::seccomp_export_bpf(context_.get(), file.get()); error != 0)
            return errno_error("cannot build the system call filter: seccomp_export_bpf", -error);
        const off_t size = ::lseek(file.get(), 0, SEEK_END);
        std::vector<sock_filter> program(static_cast<std::size_t>(size) / sizeof(sock_filter));
        if (::pread(file.get(), program.data(), static_cast<std::size_t>(size), 0) != size)
            return errno_error("cannot build the system call filter: cannot read it back", errno);
        return program;
    }

  private:
    void note(int result) {
        if (failure_ == 0)
            failure_ = -result;
    }

    std::unique_ptr<void, decltype(&::seccomp_release)> context_;
    int failure_ = 0;
};

// What RootCalls answers. Programs that unpack an archive make chmod and chown often.
void add_root_calls(Rules& rules, const FilterOptions& options) {
    const scmp_arg_cmp of_others{0, SCMP_CMP_NE, RLIMIT_STACK, 0};
    rules.add(SCMP_ACT_NOTIFY, SCMP_SYS(setrlimit));
    rules.add(SCMP_ACT_NOTIFY, SCMP_SYS(prlimit64), {{2, SCMP_CMP_NE, 0, 0}});
    if (options.stack_limit) {
        rules.add(SCMP_ACT_NOTIFY, SCMP_SYS(getrlimit));
        rules.add(SCMP_ACT_NOTIFY, SCMP_SYS(prlimit64));
    } else {
        rules.add(SCMP_ACT_NOTIFY, SCMP_SYS(getrlimit), {of_others});
        rules.add(SCMP_ACT_NOTIFY, SCMP_SYS(prlimit64), {{1, SCMP_CMP_NE, RLIMIT_STACK, 0}});
    }
    for (const int number :
         {SCMP_SYS(setpriority), SCMP_SYS(getpriority), SCMP_SYS(sched_setscheduler),
          SCMP_SYS(sched_getscheduler), SCMP_SYS(sched_setparam), SCMP_SYS(sched_getparam),
          SCMP_SYS(sched_setattr), SCMP_SYS(sched_getattr), SCMP_SYS(sched_setaffinity),
          SCMP_SYS(ioprio_set), SCMP_SYS(ioprio_get), SCMP_SYS(mlock), SCMP_SYS(mlock2),
          SCMP_SYS(mlockall), SCMP_SYS(sysinfo), SCMP_SYS(clock_settime), SCMP_SYS(settimeofday),
          SCMP_SYS(clock_adjtime), SCMP_SYS(adjtimex)})
        rules.add(SCMP_ACT_NOTIFY, number);
    // RNDADDENTROPY and its kin.
    rules.add(SCMP_ACT_NOTIFY, SCMP_SYS(ioctl), {{1, SCMP_CMP_MASKED_EQ, 0xff00, 'R' << 8}});
    if (!options.sandbox)
        return;
    for (const AbsentSocket& socket : absent_sockets()) {
        if (socket.protocol == AbsentSocket::any)
            rules.add(SCMP_ACT_NOTIFY, SCMP_SYS(socket), {int_is(0, socket.family)});
        else
            rules.add(SCMP_ACT_NOTIFY, SCMP_SYS(socket),
                      {int_is(0, socket.family), int_is(2, socket.protocol)});
    }
    for (const int number : absent_calls())
        rules.add(SCMP_ACT_ERRNO(ENOSYS), number);
    for (const int number :
         {SCMP_SYS(chmod), SCMP_SYS(fchmod), SCMP_SYS(fchmodat), call_fchmodat2, SCMP_SYS(chown),
          SCMP_SYS(fchown), SCMP_SYS(lchown), SCMP_SYS(fchownat)})
        rules.add(SCMP_ACT_NOTIFY, number);
    if (!options.init)
        for (const int number : {SCMP_SYS(mount), call_fsopen})
            rules.add(SCMP_ACT_NOTIFY, number);
    // mknod of a device; mkfifo and the like pass.
    for (const int kind : {S_IFCHR, S_IFBLK}) {
        rules.add(SCMP_ACT_NOTIFY, SCMP_SYS(mknod),
                  {{1, SCMP_CMP_MASKED_EQ, S_IFMT, static_cast<scmp_datum_t>(kind)}});
        rules.add(SCMP_ACT_NOTIFY, SCMP_SYS(mknodat),
                  {{2, SCMP_CMP_MASKED_EQ, S_IFMT, static_cast<scmp_datum_t>(kind)}});
    }
}

}  // namespace

Result<std::vector<sock_filter>> make_filter(const FilterOptions& options) {
    Rules rules;
    // Both a 32-bit program on a 64-bit machine and the x32 ABI.
    rules.set(SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_NOTIFY);
    // Our launcher decides about no_new_privs.
    rules.set(SCMP_FLTATR_CTL_NNP, 0);
    // A binary tree instead of a list: fewer instructions for the calls that pass.
    rules.set(SCMP_FLTATR_CTL_OPTIMIZE, 2);

    rules.add(options.relabels ? SCMP_ACT_TRAP : SCMP_ACT_NOTIFY, SCMP_SYS(socket),
              {int_is(0, AF_VSOCK)});
    if (options.relabels) {
        rules.add(SCMP_ACT_NOTIFY, SCMP_SYS(socket),
                  {int_is(0, AF_UNIX), {relabel_argument, SCMP_CMP_EQ, relabel_mark, 0}});
        // TracingNotice.
        for (const int request : {PTRACE_TRACEME, PTRACE_ATTACH, PTRACE_SEIZE})
            rules.add(SCMP_ACT_NOTIFY, SCMP_SYS(ptrace), {int_is(0, request)});
        rules.add(SCMP_ACT_NOTIFY, SCMP_SYS(seccomp), {int_is(0, abi::set_mode_filter)});
        rules.add(SCMP_ACT_NOTIFY, SCMP_SYS(prctl), {int_is(0, PR_SET_SECCOMP)});
    }
#if defined(__x86_64__)
    // But for the calls that our own handler and the supervisor have a program make.
    rules.add(SCMP_ACT_NOTIFY, SCMP_SYS(rt_sigaction),
              {int_is(0, SIGPIPE), {4, SCMP_CMP_NE, sigpipe_handler::pass_argument, 0}});
#endif
    // AF_VSOCK has no pairs; asking the kernel would load its modules to say so.
    rules.add(SCMP_ACT_ERRNO(EOPNOTSUPP), SCMP_SYS(socketpair), {int_is(0, AF_VSOCK)});
    rules.add(SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(io_uring_setup));
    if (options.sandbox) {
        for (const int number : {SCMP_SYS(add_key), SCMP_SYS(request_key), SCMP_SYS(keyctl)})
            rules.add(SCMP_ACT_ERRNO(ENOSYS), number);
        rules.add(SCMP_ACT_ERRNO(EPERM), SCMP_SYS(syslog));
    }

    if (options.init) {
        for (const int number : {SCMP_SYS(mount), SCMP_SYS(init_module), SCMP_SYS(finit_module)})
            rules.add(SCMP_ACT_NOTIFY, number);
        // The other way to mount; without it, libmount takes mount(2).
        rules.add(SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(fsopen));
    }
    if (options.root)
        add_root_calls(rules, options);
    if (options.exec) {
        rules.add(SCMP_ACT_NOTIFY, SCMP_SYS(execve));
        rules.add(SCMP_ACT_NOTIFY, SCMP_SYS(execveat));
    }

    rules.add(SCMP_ACT_NOTIFY, SCMP_SYS(bind));
    rules.add(SCMP_ACT_NOTIFY, SCMP_SYS(connect));
    rules.add(SCMP_ACT_NOTIFY, SCMP_SYS(listen));
    rules.add(SCMP_ACT_NOTIFY, SCMP_SYS(accept));
    rules.add(SCMP_ACT_NOTIFY, SCMP_SYS(accept4));
    rules.add(SCMP_ACT_NOTIFY, SCMP_SYS(getsockname));
    rules.add(SCMP_ACT_NOTIFY, SCMP_SYS(getpeername));
    rules.add(SCMP_ACT_NOTIFY, SCMP_SYS(shutdown));
    // The options of AF_VSOCK and those of other levels, which it refuses in its own way; of level
    // SOL_SOCKET those alone in which the two families differ (vsock_calls.cpp).
    rules.add(SCMP_ACT_NOTIFY, SCMP_SYS(getsockopt), {{1, SCMP_CMP_NE, SOL_SOCKET, 0}});
    rules.add(SCMP_ACT_NOTIFY, SCMP_SYS(setsockopt), {{1, SCMP_CMP_NE, SOL_SOCKET, 0}});
    for (const int option : {SO_DOMAIN, SO_ERROR, SO_PEERCRED, SO_PEEK_OFF})
        rules.add(SCMP_ACT_NOTIFY, SCMP_SYS(getsockopt),
                  {int_is(1, SOL_SOCKET), int_is(2, option)});
    for (const int option : {SO_MAX_PACING_RATE, SO_PEEK_OFF})
        rules.add(SCMP_ACT_NOTIFY, SCMP_SYS(setsockopt),
                  {int_is(1, SOL_SOCKET), int_is(2, option)});

    // /dev/vsock, and in an enclave /dev/nsm. A directory is neither.
    rules.add(SCMP_ACT_NOTIFY, SCMP_SYS(open), {lacks(1, O_DIRECTORY)});
    rules.add(SCMP_ACT_NOTIFY, SCMP_SYS(creat));
    rules.add(SCMP_ACT_NOTIFY, SCMP_SYS(openat), {lacks(2, O_DIRECTORY)});
    rules.add(SCMP_ACT_NOTIFY, SCMP_SYS(openat2));
    // What changes the root from which paths are resolved.
    for (const int number :
         {SCMP_SYS(chroot), SCMP_SYS(pivot_root), SCMP_SYS(setns), SCMP_SYS(unshare)})
        rules.add(SCMP_ACT_NOTIFY, number);
    rules.add(SCMP_ACT_NOTIFY, SCMP_SYS(ioctl), {int_is(1, static_cast<int>(ioctl_get_local_cid))});
    // A vsock socket has no ioctls, not even those that programs do ask other sockets: FIONREAD,
    // SIOCOUTQ (the same number as TIOCOUTQ), and the sockets' own family 0x89xx.
    for (const int number : {FIONREAD, TIOCOUTQ})
        rules.add(SCMP_ACT_NOTIFY, SCMP_SYS(ioctl), {int_is(1, number)});
    rules.add(SCMP_ACT_NOTIFY, SCMP_SYS(ioctl), {{1, SCMP_CMP_MASKED_EQ, 0xffffff00u, 0x8900}});
    if (options.nsm) {
        // With AT_EMPTY_PATH it is fstat, which the kernel answers rightly.
        rules.add(SCMP_ACT_NOTIFY, SCMP_SYS(stat));
        rules.add(SCMP_ACT_NOTIFY, SCMP_SYS(lstat));
        rules.add(SCMP_ACT_NOTIFY, SCMP_SYS(newfstatat), {lacks(3, AT_EMPTY_PATH)});
        rules.add(SCMP_ACT_NOTIFY, SCMP_SYS(statx), {lacks(2, AT_EMPTY_PATH)});
        rules.add(SCMP_ACT_NOTIFY, SCMP_SYS(access));
        rules.add(SCMP_ACT_NOTIFY, SCMP_SYS(faccessat));
        rules.add(SCMP_ACT_NOTIFY, SCMP_SYS(faccessat2), {lacks(3, AT_EMPTY_PATH)});
        rules.add(SCMP_ACT_NOTIFY, SCMP_SYS(getxattr));
        rules.add(SCMP_ACT_NOTIFY, SCMP_SYS(lgetxattr));
        // All but the terminal family 0x54xx, which holds the frequent ones (TCGETS, FIONBIO,
        // FIOCLEX) and which no emulated driver knows.
        rules.add(SCMP_ACT_NOTIFY, SCMP_SYS(ioctl), {{1, SCMP_CMP_LT, 0x5400, 0}});
        rules.add(SCMP_ACT_NOTIFY, SCMP_SYS(ioctl), {{1, SCMP_CMP_GT, 0x54ff, 0}});
    }
    return rules.compile();
}

Result<std::vector<sock_filter>> make_denying_filter(int errno_value) {
    Rules rules;
    rules.set(SCMP_FLTATR_CTL_NNP, 0);
    rules.add(SCMP_ACT_ERRNO(static_cast<std::uint32_t>(errno_value)), SCMP_SYS(socket),
              {int_is(0, AF_VSOCK)});
    return rules.compile();
}

int install_filter(const std::vector<sock_filter>& program) noexcept {
    const sock_fprog fprog{static_cast<unsigned short>(program.size()),
                           const_cast<sock_filter*>(program.data())};
    unsigned long flags = abi::filter_flag_new_listener | abi::filter_flag_spec_allow |
                          abi::filter_flag_wait_killable_recv;
    for (;;) {
        const long listener = ::syscall(SYS_seccomp, abi::set_mode_filter, flags, &fprog);
        if (listener >= 0)
            return static_cast<int>(listener);
        if (errno == EACCES && ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0) {
            if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
                return -errno;
        } else if (errno == EINVAL && (flags & abi::filter_flag_wait_killable_recv) != 0) {
            flags &= ~abi::filter_flag_wait_killable_recv;  // Linux 5.18 and before
        } else {
            return -errno;
        }
    }
}

}  // namespace glovebox::supervisor
