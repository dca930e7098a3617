// SPDX-License-Identifier: Apache-2.0

/* Connects a vsock socket, installs a system call filter of its own that kills for sendmsg, mmap
 * and rt_sigaction, and connects another; then two Unix sockets to each other. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/vm_sockets.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#define KILL_FOR(call)                                     \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##call, 0, 1), \
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)

static void install(void) {
    struct sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)), KILL_FOR(sendmsg),
        KILL_FOR(mmap), KILL_FOR(rt_sigaction), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    const struct sock_fprog whole = {sizeof program / sizeof *program, program};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &whole) != 0)
        perror("seccomp");
}

static int connect_vsock(unsigned port) {
    const struct sockaddr_vm target = {
        .svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_LOCAL, .svm_port = port};
    const int client = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return connect(client, (const struct sockaddr*)&target, sizeof target);
}

static int connect_unix(void) {
    const struct sockaddr_un unnamed = {.sun_family = AF_UNIX};
    struct sockaddr_un name;
    socklen_t length = sizeof name;
    const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    /* The kernel chooses the name. */
    return bind(listener, (const struct sockaddr*)&unnamed, sizeof unnamed.sun_family) != 0 ||
                   listen(listener, 1) != 0 ||
                   getsockname(listener, (struct sockaddr*)&name, &length) != 0
               ? -1
               : connect(client, (const struct sockaddr*)&name, length);
}

static const char* outcome(int result) {
    return result == 0 ? "connected" : strerror(errno);
}

int main(void) {
    static char output[1024]; /* or stdio would map memory */
    const struct sockaddr_vm own = {
        .svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_ANY, .svm_port = 5005};
    const int listener = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setvbuf(stdout, output, _IOFBF, sizeof output);
    if (bind(listener, (const struct sockaddr*)&own, sizeof own) != 0 || listen(listener, 5) != 0)
        perror("listen");
    printf("%s, ", outcome(connect_vsock(5005)));
    install();
    printf("then: %s; ", outcome(connect_vsock(5005)));
    printf("a Unix socket: %s\n", outcome(connect_unix()));
    return 0;
}
