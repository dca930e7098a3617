// SPDX-License-Identifier: Apache-2.0

/* Preloaded into a service or a supervisor: what an attacker tries who has taken it over. Each
   attempt is a line on standard error: its name and 0 or the errno's. A service is taken over when
   it waits for its first events, a supervisor when TAKEN_OVER_WHEN has been made.

   Variables: TAKEN_OVER_SECRET, a file of another program; TAKEN_OVER_NEW, a path without a file;
   TAKEN_OVER_PORT, a TCP port of this machine; TAKEN_OVER_WHEN, a supervisor's alone, a path. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static void tell(const char* what, long result) {
    dprintf(STDERR_FILENO, "taken over: %s: %s\n", what, result < 0 ? strerrorname_np(errno) : "0");
}

static long start_program(void) {
    const pid_t child = fork();
    if (child < 0)
        return -1;
    if (child == 0) {
        execl("/bin/true", "true", (char*)0);
        _exit(errno);
    }
    int status = 0;
    waitpid(child, &status, 0);
    errno = WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
    return status == 0 ? 0 : -1;
}

static long connect_to(const char* port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (client < 0)
        return -1;
    const long result = connect(client, (struct sockaddr*)&address, sizeof address);
    const int error = errno;
    close(client);
    errno = error;
    return result;
}

static long read_parent(void) {
    char byte;
    struct iovec here = {&byte, 1};
    struct iovec there = {(void*)&tell, 1};
    return process_vm_readv(getppid(), &here, 1, &there, 1, 0);
}

/* As if the user of its terminal had typed it: ENOTTY of a file that is no terminal. */
static long type_into_terminal(void) {
    const int file = open("/dev/null", O_RDWR | O_CLOEXEC);
    const long result = ioctl(file, TIOCSTI, "x");
    const int error = errno;
    close(file);
    errno = error;
    return result;
}

static void try_all(bool keeps_processes) {
    tell("read a secret", open(getenv("TAKEN_OVER_SECRET"), O_RDONLY | O_CLOEXEC));
    tell("write a secret", open(getenv("TAKEN_OVER_SECRET"), O_WRONLY | O_CLOEXEC));
    tell("make a file", open(getenv("TAKEN_OVER_NEW"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    tell("start a program", start_program());
    tell("connect", connect_to(getenv("TAKEN_OVER_PORT")));
    if (!keeps_processes) {
        tell("signal its parent", kill(getppid(), 0));
        tell("read its parent's memory", read_parent());
        tell("trace its parent", ptrace(PTRACE_SEIZE, getppid(), 0, 0));
    }
    tell("enter a namespace", unshare(CLONE_NEWUSER));
    tell("use the user's keys",
         syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_USER_KEYRING, 0));
    tell("use io_uring", syscall(SYS_io_uring_setup, 1, NULL)); /* EFAULT */
    tell("type into the terminal", type_into_terminal());
    tell("end", 0);
}

int epoll_wait(int epoll, struct epoll_event* events, int count, int timeout) {
    static atomic_flag has_tried = ATOMIC_FLAG_INIT;
    if (getenv("TAKEN_OVER_WHEN") == NULL && !atomic_flag_test_and_set(&has_tried))
        try_all(false);
    int (*const real)(int, struct epoll_event*, int, int) =
        (int (*)(int, struct epoll_event*, int, int))dlsym(RTLD_NEXT, "epoll_wait");
    return real(epoll, events, count, timeout);
}

static pid_t loaded_into;

__attribute__((constructor)) static void load(void) {
    loaded_into = getpid();
}

/* The main thread's, which waits for everything at once; not those of processes that it forks. */
int poll(struct pollfd* fds, nfds_t count, int timeout) {
    static bool has_tried;
    const int interval_milliseconds = 20;
    int (*const real)(struct pollfd*, nfds_t, int) =
        (int (*)(struct pollfd*, nfds_t, int))dlsym(RTLD_NEXT, "poll");
    const char* const when = getenv("TAKEN_OVER_WHEN");
    if (when == NULL || timeout >= 0 || getpid() != loaded_into || gettid() != loaded_into)
        return real(fds, count, timeout);
    for (;;) {
        if (!has_tried && access(when, F_OK) == 0) {
            has_tried = true;
            try_all(true);
        }
        const int ready = real(fds, count, has_tried ? timeout : interval_milliseconds);
        if (ready != 0)
            return ready;
    }
}
