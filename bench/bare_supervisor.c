// SPDX-License-Identifier: Apache-2.0

/* bare_supervisor PATH PROGRAM [ARGUMENT...]: the least that a supervisor on seccomp notifications
   can do for bench-stream-peer. It shows what of a supervised call is the kernel's part.

   It answers socket, bind, connect and accept on AF_VSOCK by an AF_UNIX socket at PATH, whatever
   the address is, and GetRandom's ioctl on any descriptor. Of what a real supervisor has to do it
   keeps what costs system calls: it reads and writes the program's memory, asks whose the
   descriptor is (a mark on a socket, the same open file for the device), and whether the call still
   waits. It makes no other check, and knows no signals, limits, options, names or namespaces. */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/kcmp.h>
#include <linux/seccomp.h>
#include <linux/vm_sockets.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* Newer than some headers. */
#define SET_FLAGS _IOW('!', 4, uint64_t)
enum { sync_wake_up = 1, wait_killable_recv = 1 << 5, addfd_send = 1 << 1 };

enum { random_bytes = 256, parked_max = 4096 };
static const uint64_t mark = 0x626172655f736f63;
static const uint32_t nsm_raw = _IOC(_IOC_READ | _IOC_WRITE, 0x0A, 0, 32);

static int notifier;
static int program_pidfd;
static pid_t program;
static struct sockaddr_un place = {.sun_family = AF_UNIX};

/* Calls of accept that wait, and the socket that they wait on. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t more = PTHREAD_COND_INITIALIZER;
static struct seccomp_notif parked[parked_max];
static size_t first_parked, end_parked;

static void die(const char* what) {
    perror(what);
    exit(1);
}

static void answer(uint64_t id, int64_t value, int error, uint32_t flags) {
    struct seccomp_notif_resp response = {.id = id, .val = value, .error = error, .flags = flags};
    ioctl(notifier, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

static void give(uint64_t id, int fd, uint32_t flags) {
    struct seccomp_notif_addfd add = {
        .id = id, .flags = addfd_send, .srcfd = (uint32_t)fd, .newfd_flags = flags};
    ioctl(notifier, SECCOMP_IOCTL_NOTIF_ADDFD, &add);
    close(fd);
}

static int descriptor(uint64_t number) {
    return (int)syscall(SYS_pidfd_getfd, program_pidfd, (int)number, 0);
}

static int is_marked(int fd) {
    uint64_t found = 0;
    socklen_t length = sizeof found;
    return getsockopt(fd, SOL_SOCKET, SO_MAX_PACING_RATE, &found, &length) == 0 && found == mark;
}

static void set_mark(int fd) {
    setsockopt(fd, SOL_SOCKET, SO_MAX_PACING_RATE, &mark, sizeof mark);
}

static void make_socket(const struct seccomp_notif* call) {
    const int made = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    set_mark(made);
    give(call->id, made, O_CLOEXEC);
}

static void bind_socket(const struct seccomp_notif* call) {
    if ((int)call->data.args[0] < 0) {
        answer(call->id, 0, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE);
        return;
    }
    const int fd = descriptor(call->data.args[0]);
    const int failed = bind(fd, (struct sockaddr*)&place, sizeof place) != 0;
    close(fd);
    answer(call->id, 0, failed ? -errno : 0, 0);
}

static void connect_socket(const struct seccomp_notif* call) {
    static unsigned port;
    struct sockaddr_vm given;
    struct iovec own = {&given, sizeof given};
    struct iovec theirs = {(void*)(uintptr_t)call->data.args[1], sizeof given};
    process_vm_readv((pid_t)call->pid, &own, 1, &theirs, 1, 0);
    const int fd = descriptor(call->data.args[0]);
    if (!is_marked(fd) || ioctl(notifier, SECCOMP_IOCTL_NOTIF_ID_VALID, &call->id) != 0)
        die("connect: no marked socket");
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    const int length =
        snprintf(name.sun_path + 1, sizeof name.sun_path - 1, "bare/%d/%u", getpid(), port++);
    bind(fd, (struct sockaddr*)&name,
         (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length));
    const int failed = connect(fd, (struct sockaddr*)&place, sizeof place) != 0;
    const int error = failed ? (errno == EAGAIN ? -ECONNRESET : -errno) : 0;
    close(fd);
    answer(call->id, 0, error, 0);
}

/* Takes connections for the calls that wait, the oldest first. */
static void* accept_all(void* listener) {
    for (;;) {
        const int fd = accept4((int)(intptr_t)listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0)
            die("accept4");
        set_mark(fd);
        pthread_mutex_lock(&mutex);
        while (first_parked == end_parked)
            pthread_cond_wait(&more, &mutex);
        const struct seccomp_notif call = parked[first_parked++ % parked_max];
        pthread_mutex_unlock(&mutex);
        if (call.data.args[1] != 0) {
            struct sockaddr_vm peer = {.svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_HOST};
            socklen_t length = sizeof peer;
            struct iovec own[] = {{&peer, sizeof peer}, {&length, sizeof length}};
            struct iovec theirs[] = {{(void*)(uintptr_t)call.data.args[1], sizeof peer},
                                     {(void*)(uintptr_t)call.data.args[2], sizeof length}};
            process_vm_writev((pid_t)call.pid, own, 2, theirs, 2, 0);
        }
        give(call.id, fd, 0);
    }
    return NULL;
}

static void park(const struct seccomp_notif* call) {
    static int has_listener;
    const int fd = descriptor(call->data.args[0]);
    if (!is_marked(fd))
        die("accept: no marked socket");
    pthread_mutex_lock(&mutex);
    parked[end_parked++ % parked_max] = *call;
    pthread_cond_signal(&more);
    pthread_mutex_unlock(&mutex);
    if (has_listener) {
        close(fd);
        return;
    }
    has_listener = 1;
    pthread_t thread;
    if (pthread_create(&thread, NULL, accept_all, (void*)(intptr_t)fd) != 0)
        die("pthread_create");
}

static void give_random(const struct seccomp_notif* call) {
    static int device = -1;
    struct {
        uint64_t request, request_length, response, response_length;
    } raw;
    static uint64_t request_at;
    char request[16];
    static unsigned char response[] = "\xa1\x69GetRandom\xa1\x66random\x59\x01\x00";
    static unsigned char whole[sizeof response - 1 + random_bytes];
    if (device < 0) {
        device = descriptor(call->data.args[0]);
        memcpy(whole, response, sizeof response - 1);
    }
    if (syscall(SYS_kcmp, call->pid, getpid(), KCMP_FILE, call->data.args[0], device) != 0)
        die("ioctl: not the device");
    struct iovec own[] = {{&raw, sizeof raw}, {request, 10}};
    struct iovec theirs[] = {{(void*)(uintptr_t)call->data.args[2], sizeof raw},
                             {(void*)(uintptr_t)request_at, 10}};
    process_vm_readv((pid_t)call->pid, own, 2, theirs, request_at == 0 ? 1 : 2, 0);
    request_at = raw.request;
    if (ioctl(notifier, SECCOMP_IOCTL_NOTIF_ID_VALID, &call->id) != 0)
        return;
    if (getrandom(whole + sizeof response - 1, random_bytes, 0) != random_bytes)
        die("getrandom");
    raw.response_length = sizeof whole;
    struct iovec told[] = {{whole, sizeof whole}, {&raw, sizeof raw}};
    struct iovec places[] = {{(void*)(uintptr_t)raw.response, sizeof whole},
                             {(void*)(uintptr_t)call->data.args[2], sizeof raw}};
    process_vm_writev((pid_t)call->pid, told, 2, places, 2, 0);
    answer(call->id, 0, 0, 0);
}

static int install_filter(void) {
#define NOTIFIES(number)                               \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1), \
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF)
#define NOTIFIES_WHEN(number, argument, value)                                             \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 4),                                     \
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[argument])), \
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1),                                  \
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),                                 \
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
    struct sock_filter program_of_filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        NOTIFIES(SYS_bind),
        NOTIFIES(SYS_connect),
        NOTIFIES(SYS_accept),
        NOTIFIES(SYS_accept4),
        NOTIFIES_WHEN(SYS_socket, 0, AF_VSOCK),
        NOTIFIES_WHEN(SYS_ioctl, 1, nsm_raw),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog fprog = {sizeof program_of_filter / sizeof program_of_filter[0],
                                     program_of_filter};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                        SECCOMP_FILTER_FLAG_NEW_LISTENER | wait_killable_recv, &fprog);
}

/* The child shares the descriptors until it executes, so the listener is the parent's as well. */
static void start(char** arguments) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        die("pipe2");
    program = (pid_t)syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
    if (program == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        const int listener = install_filter();
        if (write(ends[1], &listener, sizeof listener) == sizeof listener && listener >= 0)
            execv(arguments[0], arguments);
        _exit(127);
    }
    if (program < 0 || read(ends[0], &notifier, sizeof notifier) != sizeof notifier || notifier < 0)
        die("the filter");
    program_pidfd = (int)syscall(SYS_pidfd_open, program, 0);
    ioctl(notifier, SET_FLAGS, sync_wake_up);
}

int main(int argc, char** argv) {
    if (argc < 3 || strlen(argv[1]) >= sizeof place.sun_path) {
        fprintf(stderr, "usage: %s PATH PROGRAM [ARGUMENT...]\n", argv[0]);
        return 2;
    }
    strcpy(place.sun_path, argv[1]);
    start(argv + 2);
    for (;;) {
        struct seccomp_notif call = {0};
        if (ioctl(notifier, SECCOMP_IOCTL_NOTIF_RECV, &call) != 0) {
            int status;
            if (errno == ENOENT && waitpid(program, &status, WNOHANG) == program)
                return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
            continue;
        }
        switch (call.data.nr) {
            case SYS_socket:
                make_socket(&call);
                break;
            case SYS_bind:
                bind_socket(&call);
                break;
            case SYS_connect:
                connect_socket(&call);
                break;
            case SYS_ioctl:
                give_random(&call);
                break;
            default:
                park(&call);
        }
    }
}
