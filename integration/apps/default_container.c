// SPDX-License-Identifier: Apache-2.0

/* Executes a command where a container runtime's default profile would: under its system call
 * filter, and for root with its capabilities. No namespace is made, so that nothing but the filter
 * and the capabilities differ.
 *
 * default_container docker|podman COMMAND [ARGUMENT...]
 * default_container docker|podman --cap-drop COMMAND ...: without any capability
 * default_container docker|podman --no-ptrace COMMAND ...: where ptrace(2) is denied too
 *
 * docker is that of Docker 23 and later, containerd and Kubernetes' RuntimeDefault for a container
 * without CAP_SYS_ADMIN and CAP_SYS_PTRACE; podman is that of podman 4. Both as far as the calls of
 * Glovebox go. */
#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A default container's: chown, dac_override, fowner, fsetid, kill, setgid, setuid, setpcap,
 * net_bind_service, net_raw, sys_chroot, mknod, audit_write, setfcap. */
static const unsigned long long default_capabilities =
    1ull << CAP_CHOWN | 1ull << CAP_DAC_OVERRIDE | 1ull << CAP_FOWNER | 1ull << CAP_FSETID |
    1ull << CAP_KILL | 1ull << CAP_SETGID | 1ull << CAP_SETUID | 1ull << CAP_SETPCAP |
    1ull << CAP_NET_BIND_SERVICE | 1ull << CAP_NET_RAW | 1ull << CAP_SYS_CHROOT |
    1ull << CAP_MKNOD | 1ull << CAP_AUDIT_WRITE | 1ull << CAP_SETFCAP;

static const char* const denied_by_both[] = {"mount",           "umount2",
                                             "pivot_root",      "sethostname",
                                             "setdomainname",   "fsopen",
                                             "fsconfig",        "fsmount",
                                             "fspick",          "move_mount",
                                             "open_tree",       "mount_setattr",
                                             "clock_settime",   "settimeofday",
                                             "add_key",         "keyctl",
                                             "request_key",     "bpf",
                                             "perf_event_open", "open_by_handle_at",
                                             "init_module",     "finit_module",
                                             "syslog",          "io_uring_setup",
                                             "io_uring_enter",  "io_uring_register",
                                             "userfaultfd",     "quotactl",
                                             "reboot",          "swapon",
                                             "swapoff",         "acct",
                                             "vhangup"};
static const char* const denied_by_docker[] = {"unshare", "setns", "pidfd_getfd", "kcmp"};

static void check(int result, const char* what) {
    if (result >= 0)
        return;
    errno = result == -1 ? errno : -result;
    perror(what);
    exit(1);
}

static void deny(scmp_filter_ctx filter, const char* const* names, size_t count) {
    for (size_t i = 0; i < count; ++i) {
        const int number = seccomp_syscall_resolve_name(names[i]);
        if (number >= 0) /* a call that this architecture has */
            check(seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), number, 0), names[i]);
    }
}

static int may_install_filters(void) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct halves[2];
    return syscall(SYS_capget, &header, halves) == 0 &&
           (halves[0].effective >> CAP_SYS_ADMIN & 1) != 0;
}

static void install(int is_docker, int denies_ptrace) {
    const unsigned long namespaces = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET |
                                     CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    check(filter == NULL ? -ENOMEM : 0, "seccomp_init");
    check(seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, !may_install_filters()), "no_new_privs");
    /* 32-bit programs run in a container too. */
    check(seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ALLOW), "other architectures");
    deny(filter, denied_by_both, sizeof denied_by_both / sizeof *denied_by_both);
    if (denies_ptrace)
        deny(filter, &(const char*){"ptrace"}, 1);
    if (is_docker) {
        deny(filter, denied_by_docker, sizeof denied_by_docker / sizeof *denied_by_docker);
        check(seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket), 1,
                               SCMP_A0(SCMP_CMP_EQ, AF_VSOCK)),
              "socket");
        check(seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0), "clone3");
        for (unsigned long one = 1; one != 0 && one <= namespaces; one <<= 1)
            if ((namespaces & one) != 0)
                check(seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
                                       SCMP_A0(SCMP_CMP_MASKED_EQ, one, one)),
                      "clone");
    }
    check(seccomp_load(filter), "seccomp_load");
    seccomp_release(filter);
}

static void keep_capabilities(unsigned long long kept) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct halves[2];
    for (int number = 0; prctl(PR_CAPBSET_READ, number, 0, 0, 0) >= 0; ++number)
        if ((kept >> number & 1) == 0)
            check(prctl(PR_CAPBSET_DROP, number, 0, 0, 0), "PR_CAPBSET_DROP");
    check((int)syscall(SYS_capget, &header, halves), "capget");
    for (int i = 0; i < 2; ++i) {
        const unsigned half = (unsigned)(kept >> (32 * i));
        halves[i].permitted &= half;
        halves[i].effective &= half;
        halves[i].inheritable &= half;
    }
    check((int)syscall(SYS_capset, &header, halves), "capset");
}

int main(int argc, char** argv) {
    if (argc < 3 || (strcmp(argv[1], "docker") != 0 && strcmp(argv[1], "podman") != 0))
        return 2;
    const int is_docker = strcmp(argv[1], "docker") == 0;
    const int drops_all = strcmp(argv[2], "--cap-drop") == 0;
    const int denies_ptrace = strcmp(argv[2], "--no-ptrace") == 0;
    char** const command = argv + 2 + drops_all + denies_ptrace;
    if (*command == NULL)
        return 2;
    install(is_docker, denies_ptrace); /* before root gives CAP_SYS_ADMIN up */
    if (geteuid() == 0)
        keep_capabilities(drops_all ? 0 : default_capabilities);
    execvp(*command, command);
    perror(*command);
    return 127;
}
