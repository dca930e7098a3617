#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Prints a seccomp profile for a container runtime: seccomp_profile.py [docker|glovebox]

`docker` is what Docker gives a container without --security-opt: this description names what it refuses and why.
`glovebox` is the same and ADDED, the least that `glovebox run`, `up` and `parent` need for sandboxes. seccomp.json is its output.
"""

import json
import sys

# The calls of Linux on x86-64 and aarch64, and of 32-bit programs on both; what no kernel of today answers is left out.
# A runtime answers ENOSYS to a call that is newer than all of these.
KNOWN = """
    _llseek _newselect _sysctl accept accept4 access acct add_key adjtimex alarm arch_prctl arm_fadvise64_64
    arm_sync_file_range bind bpf breakpoint brk cacheflush cachestat capget capset chdir chmod chown chown32 chroot
    clock_adjtime clock_adjtime64 clock_getres clock_getres_time64 clock_gettime clock_gettime64 clock_nanosleep
    clock_nanosleep_time64 clock_settime clock_settime64 clone clone3 close close_range connect copy_file_range creat
    create_module delete_module dup dup2 dup3 epoll_create epoll_create1 epoll_ctl epoll_pwait epoll_pwait2 epoll_wait
    eventfd eventfd2 execve execveat exit exit_group faccessat faccessat2 fadvise64 fadvise64_64 fallocate
    fanotify_init fanotify_mark fchdir fchmod fchmodat fchmodat2 fchown fchown32 fchownat fcntl fcntl64 fdatasync
    fgetxattr finit_module flistxattr flock fork fremovexattr fsconfig fsetxattr fsmount fsopen fspick fstat fstat64
    fstatat64 fstatfs fstatfs64 fsync ftruncate ftruncate64 futex futex_requeue futex_time64 futex_wait futex_waitv
    futex_wake futimesat get_kernel_syms get_mempolicy get_robust_list get_thread_area getcpu getcwd getdents
    getdents64 getegid getegid32 geteuid geteuid32 getgid getgid32 getgroups getgroups32 getitimer getpeername getpgid
    getpgrp getpid getppid getpriority getrandom getresgid getresgid32 getresuid getresuid32 getrlimit getrusage
    getsid getsockname getsockopt gettid gettimeofday getuid getuid32 getxattr init_module inotify_add_watch
    inotify_init inotify_init1 inotify_rm_watch io_cancel io_destroy io_getevents io_pgetevents io_pgetevents_time64
    io_setup io_submit io_uring_enter io_uring_register io_uring_setup ioctl ioperm iopl ioprio_get ioprio_set ipc
    kcmp kexec_file_load kexec_load keyctl kill landlock_add_rule landlock_create_ruleset landlock_restrict_self
    lchown lchown32 lgetxattr link linkat listen listxattr llistxattr lookup_dcookie lremovexattr lseek lsetxattr
    lstat lstat64 madvise map_shadow_stack mbind membarrier memfd_create memfd_secret migrate_pages mincore mkdir
    mkdirat mknod mknodat mlock mlock2 mlockall mmap mmap2 modify_ldt mount mount_setattr move_mount move_pages
    mprotect mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedreceive_time64 mq_timedsend mq_timedsend_time64
    mq_unlink mremap msgctl msgget msgrcv msgsnd msync munlock munlockall munmap name_to_handle_at nanosleep
    newfstatat nfsservctl nice open open_by_handle_at open_tree openat openat2 pause perf_event_open personality
    pidfd_getfd pidfd_open pidfd_send_signal pipe pipe2 pivot_root pkey_alloc pkey_free pkey_mprotect poll ppoll
    ppoll_time64 prctl pread64 preadv preadv2 prlimit64 process_madvise process_mrelease process_vm_readv
    process_vm_writev pselect6 pselect6_time64 ptrace pwrite64 pwritev pwritev2 query_module quotactl quotactl_fd read
    readahead readdir readlink readlinkat readv reboot recvfrom recvmmsg recvmmsg_time64 recvmsg remap_file_pages
    removexattr rename renameat renameat2 request_key restart_syscall rmdir rseq rt_sigaction rt_sigpending
    rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo
    sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getattr sched_getparam sched_getscheduler
    sched_rr_get_interval sched_rr_get_interval_time64 sched_setaffinity sched_setattr sched_setparam
    sched_setscheduler sched_yield seccomp select semctl semget semop semtimedop semtimedop_time64 sendfile sendfile64
    sendmmsg sendmsg sendto set_mempolicy set_mempolicy_home_node set_robust_list set_thread_area set_tid_address
    set_tls setdomainname setfsgid setfsgid32 setfsuid setfsuid32 setgid setgid32 setgroups setgroups32 sethostname
    setitimer setns setpgid setpriority setregid setregid32 setresgid setresgid32 setresuid setresuid32 setreuid
    setreuid32 setrlimit setsid setsockopt settimeofday setuid setuid32 setxattr shmat shmctl shmdt shmget shutdown
    sigaction sigaltstack signal signalfd signalfd4 sigpending sigprocmask sigreturn sigsuspend socket socketcall
    socketpair splice stat stat64 statfs statfs64 statx stime swapoff swapon symlink symlinkat sync sync_file_range
    sync_file_range2 syncfs sysfs sysinfo syslog tee tgkill time timer_create timer_delete timer_getoverrun
    timer_gettime timer_gettime64 timer_settime timer_settime64 timerfd_create timerfd_gettime timerfd_gettime64
    timerfd_settime timerfd_settime64 times tkill truncate truncate64 ugetrlimit umask umount umount2 uname unlink
    unlinkat unshare uselib userfaultfd ustat utime utimensat utimensat_time64 utimes vfork vhangup vm86 vm86old
    vmsplice wait4 waitid waitpid write writev
""".split()

# What Docker refuses unless the container has the capability. Where a kernel would ask for the capability anyway, the profile
# keeps a container's own user namespace, in which root has every capability, from that part of the kernel.
NEED_CAPABILITY = {
    "CAP_DAC_READ_SEARCH": "open_by_handle_at",
    "CAP_SYS_ADMIN": "bpf clone3 fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie mount mount_setattr move_mount open_tree "
                     "perf_event_open quotactl quotactl_fd setdomainname sethostname setns syslog umount umount2 unshare",
    "CAP_SYS_BOOT": "reboot",
    "CAP_SYS_CHROOT": "chroot",
    "CAP_SYS_MODULE": "delete_module finit_module init_module",
    "CAP_SYS_NICE": "get_mempolicy mbind set_mempolicy set_mempolicy_home_node",
    "CAP_SYS_PACCT": "acct",
    "CAP_SYS_PTRACE": "kcmp pidfd_getfd process_madvise",
    "CAP_SYS_RAWIO": "ioperm iopl",
    "CAP_SYS_TIME": "clock_settime clock_settime64 settimeofday stime",
    "CAP_SYS_TTY_CONFIG": "vhangup",
}

# What Docker refuses to everybody: the keyrings of the machine, which no namespace divides; another kernel and its modules'
# old calls; swap and memory of other nodes; rings, which pass by a filter; and calls of old kernels.
REFUSED = """
    add_key keyctl request_key
    create_module get_kernel_syms query_module kexec_file_load kexec_load
    migrate_pages move_pages swapoff swapon userfaultfd
    io_uring_enter io_uring_register io_uring_setup
    _sysctl nfsservctl nice pivot_root sysfs uselib ustat vm86 vm86old
""".split()

# Decided by an argument, or on some machines alone.
BY_ARGUMENT = ("clone", "personality", "socket")
ARCHITECTURES = {
    "amd64": "arch_prctl modify_ldt",
    "arm64": "arm_fadvise64_64 arm_sync_file_range breakpoint cacheflush set_tls sync_file_range2",
}

CLONE_NEW = 0x7E020000  # every namespace that clone(2) can make
AF_VSOCK = 40
PERSONALITIES = (0x0, 0x8, 0x20000, 0x20008, 0xFFFFFFFF)  # Linux and 32-bit, with and without UNAME26; a question

# What Glovebox adds, and for what. The kernel still asks for the capabilities, which a container's root has in a user
# namespace that it made, and only there.
ADDED = {
    "a sandbox's namespaces": "clone clone3 unshare setns",
    "its root file system": "mount umount2 mount_setattr open_tree move_mount pivot_root chroot",
    "its host name": "setdomainname sethostname",
    "a simulated listener, fetched from the program that made it": "pidfd_getfd",
    "AF_VSOCK, which Glovebox's own filter answers": "socket",
    "calls of an enclave's root that it answers too; the kernel would ask for a capability over the machine":
        "clock_settime clock_settime64 finit_module fsopen init_module settimeofday",
    "reboot, which ends the sandbox's own PID namespace": "reboot",
}


def allowed(names, **conditions):
    return {"names": sorted(names), "action": "SCMP_ACT_ALLOW", **conditions}


def argument(index, value, operation, second=0):
    return {"index": index, "value": value, "valueTwo": second, "op": f"SCMP_CMP_{operation}"}


def rules(added):
    conditional = {name for names in NEED_CAPABILITY.values() for name in names.split()}
    elsewhere = {name for names in ARCHITECTURES.values() for name in names.split()}
    always = set(KNOWN) - conditional - elsewhere - set(REFUSED) - set(BY_ARGUMENT)
    yield allowed(always | added)
    for value in PERSONALITIES:
        yield allowed(["personality"], args=[argument(0, value, "EQ")])
    if "socket" not in added:
        yield allowed(["socket"], args=[argument(0, AF_VSOCK, "NE")])
    if "clone" not in added:
        yield allowed(["clone"], args=[argument(0, CLONE_NEW, "MASKED_EQ")], excludes={"caps": ["CAP_SYS_ADMIN"]})
        yield allowed(["clone"], includes={"caps": ["CAP_SYS_ADMIN"]})
    if "clone3" not in added:
        # Its flags lie in memory, which a filter can't read: C libraries go on with clone.
        yield {"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38, "excludes": {"caps": ["CAP_SYS_ADMIN"]}}
    for machine, names in ARCHITECTURES.items():
        yield allowed(names.split(), includes={"arches": [machine]})
    for capability, names in NEED_CAPABILITY.items():
        if left := set(names.split()) - added:
            yield allowed(left, includes={"caps": [capability]})


def profile(added=frozenset()):
    return {
        "defaultAction": "SCMP_ACT_ERRNO",
        "defaultErrnoRet": 1,
        "archMap": [
            {"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86", "SCMP_ARCH_X32"]},
            {"architecture": "SCMP_ARCH_AARCH64", "subArchitectures": ["SCMP_ARCH_ARM"]},
        ],
        "syscalls": list(rules(set(added))),
    }


PROFILES = {
    "docker": profile,
    "glovebox": lambda: profile(name for names in ADDED.values() for name in names.split()),
}


def main():
    wanted = sys.argv[1] if len(sys.argv) == 2 else "glovebox"
    if wanted not in PROFILES or len(sys.argv) > 2:
        sys.exit(f"seccomp_profile.py: unknown profile '{' '.join(sys.argv[1:])}': docker or glovebox was expected")
    json.dump(PROFILES[wanted](), sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
