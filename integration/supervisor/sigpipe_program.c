// SPDX-License-Identifier: Apache-2.0

/* SIGPIPE in a program with AF_VSOCK sockets: none for a write to one whose peer is gone, the usual
   one for everything else. sigpipe_program CID; runs every case in a process of its own and prints
   a line for it: its name, and "lives" or the signal that ended it. What a case finds wrong, it
   says and exits with 1. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../apps/c/app.h"

extern char** environ;

static unsigned own;
static volatile sig_atomic_t handled, handled_code, alarms;
static volatile int handled_blocked;

static void check(int is_right, const char* what) {
    if (is_right)
        return;
    printf("wrong: %s (errno %d)\n", what, errno);
    fflush(stdout);
    _exit(1);
}
static void expect_epipe(long result, const char* what) {
    check(result == -1 && errno == EPIPE, what);
}

/* A socket of AF_VSOCK whose peer is gone. */
static int widow(void) {
    static unsigned port = 20000;
    int listener = socket(AF_VSOCK, SOCK_STREAM, 0);
    struct sockaddr_vm address = vsock_address(VMADDR_CID_ANY, ++port);
    check(bind(listener, (struct sockaddr*)&address, sizeof address) == 0, "bind");
    check(listen(listener, 1) == 0, "listen");
    int stream = connect_to(own, port);
    int peer = accept(listener, NULL, NULL);
    check(peer >= 0, "accept");
    close(peer);
    close(listener);
    /* The peer's end takes its time to arrive, as between two machines. */
    struct pollfd end = {stream, POLLRDHUP, 0};
    int ready;
    while ((ready = poll(&end, 1, 10000)) < 0 && errno == EINTR) {
    }
    check(ready == 1, "the peer's end");
    return stream;
}
static int broken_pipe(void) {
    int ends[2];
    check(pipe(ends) == 0, "pipe");
    close(ends[0]);
    return ends[1];
}
/* Not connected, which needs no network: a write is EPIPE and SIGPIPE. */
static int broken_tcp(void) {
    return socket(AF_INET, SOCK_STREAM, 0);
}

static void write_all_ways(int stream) {
    char text[] = "text";
    struct iovec part = {text, sizeof text};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    struct mmsghdr messages[2] = {{.msg_hdr = message}, {.msg_hdr = message}};
    int file = memfd_create("text", 0), ends[2];
    check(write(file, text, sizeof text) == sizeof text && pipe(ends) == 0 &&
              write(ends[1], text, sizeof text) == sizeof text,
          "a file and a pipe");
    off_t start = 0;
    expect_epipe(write(stream, text, 1), "write");
    expect_epipe(send(stream, text, 1, 0), "send");
    expect_epipe(sendto(stream, text, 1, 0, NULL, 0), "sendto");
    expect_epipe(writev(stream, &part, 1), "writev");
    expect_epipe(sendmsg(stream, &message, 0), "sendmsg");
    expect_epipe(sendmmsg(stream, messages, 2, 0), "sendmmsg");
    expect_epipe(sendfile(stream, file, &start, sizeof text), "sendfile");
    expect_epipe(splice(ends[0], NULL, stream, NULL, sizeof text, 0), "splice");
}
static void every_way(void) {
    write_all_ways(widow());
}

static void own_shutdown(void) {
    int stream = widow();
    shutdown(stream, SHUT_WR);
    expect_epipe(write(stream, "x", 1), "write");
}

/* A peer that goes in the middle of a transfer. */
static void partly_written(void) {
    static char block[1 << 20];
    int listener = socket(AF_VSOCK, SOCK_STREAM, 0);
    struct sockaddr_vm address = vsock_address(VMADDR_CID_ANY, 19000);
    check(bind(listener, (struct sockaddr*)&address, sizeof address) == 0, "bind");
    check(listen(listener, 1) == 0, "listen");
    pid_t reader = fork();
    if (reader == 0) {
        int peer = accept(listener, NULL, NULL);
        for (size_t left = 300000; left > 0;) {
            ssize_t got = read(peer, block, left);
            check(got > 0, "read");
            left -= (size_t)got;
        }
        _exit(0);
    }
    int stream = connect_to(own, 19000), file = memfd_create("block", 0);
    check(write(file, block, sizeof block) == sizeof block, "write");
    off_t start = 0;
    ssize_t sent;
    while ((sent = sendfile(stream, file, &start, sizeof block)) > 0)
        start = 0;
    expect_epipe(sent, "sendfile");
    waitpid(reader, NULL, 0);
}

static void to_pipe(void) {
    int stream = widow();
    expect_epipe(write(stream, "x", 1), "write");
    /* A count that is the socket's number. */
    write(broken_pipe(), "0123456789abcdef", (size_t)stream);
}
static void to_tcp(void) {
    expect_epipe(write(widow(), "x", 1), "write");
    write(broken_tcp(), "x", 1);
}
static void by_raise(void) {
    expect_epipe(write(widow(), "x", 1), "write");
    raise(SIGPIPE);
}
static void by_kill(void) {
    expect_epipe(write(widow(), "x", 1), "write");
    kill(getpid(), SIGPIPE);
}
static void by_another(void) {
    expect_epipe(write(widow(), "x", 1), "write");
    pid_t self = getpid();
    if (fork() == 0) {
        kill(self, SIGPIPE);
        _exit(0);
    }
    for (;;)
        pause();
}

static void* write_in_thread(void* stream) {
    write_all_ways(*(int*)stream);
    return NULL;
}
static void threads(void) {
    int streams[4];
    pthread_t writers[4];
    for (int i = 0; i < 4; ++i)
        streams[i] = widow();
    for (int i = 0; i < 4; ++i)
        pthread_create(&writers[i], NULL, write_in_thread, &streams[i]);
    for (int i = 0; i < 4; ++i)
        pthread_join(writers[i], NULL);
}
static void* make_widow(void* stream) {
    *(int*)stream = widow();
    return NULL;
}
static void made_by_a_thread(void) {
    int stream = -1;
    pthread_t maker;
    pthread_create(&maker, NULL, make_widow, &stream);
    pthread_join(maker, NULL);
    write_all_ways(stream);
}

static void in_a_child(void) {
    int stream = widow(), status = 0;
    pid_t child = fork();
    if (child == 0) {
        write_all_ways(stream);
        _exit(0);
    }
    waitpid(child, &status, 0);
    check(status == 0, "a child that writes");
    child = fork();
    if (child == 0) {
        write(broken_pipe(), "x", 1);
        _exit(0);
    }
    waitpid(child, &status, 0);
    check(WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE, "a child that writes to a pipe");
}

/* What a shell's pipeline is made of: a program that knows nothing of sockets. */
static void pipeline_after_exec(void) {
    int status = 0, stream = widow();
    expect_epipe(write(stream, "x", 1), "write");
    char* arguments[] = {"sh", "-c", "yes >&9", NULL};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, broken_pipe(), 9);
    pid_t child;
    check(posix_spawn(&child, "/bin/sh", &actions, NULL, arguments, environ) == 0, "posix_spawn");
    waitpid(child, &status, 0);
    check((WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE) ||
              (WIFEXITED(status) && WEXITSTATUS(status) == 128 + SIGPIPE),
          "yes into a broken pipe");
    expect_epipe(write(stream, "x", 1), "write after posix_spawn");
}

static void on_sigpipe(int number, siginfo_t* info, void* context) {
    sigset_t blocked;
    sigprocmask(SIG_BLOCK, NULL, &blocked);
    handled_blocked = sigismember(&blocked, SIGUSR1) + 2 * sigismember(&blocked, SIGPIPE);
    handled_code = info->si_code;
    handled += number == SIGPIPE && context != NULL;
}
static void on_sigpipe_simply(int number) {
    handled += number == SIGPIPE;
}
static void same_action(const struct sigaction* one, const struct sigaction* other) {
    check(one->sa_sigaction == other->sa_sigaction, "the handler is read back");
    check((one->sa_flags & ~0x04000000) == (other->sa_flags & ~0x04000000), "its flags");
    check(sigismember(&one->sa_mask, SIGUSR1) == sigismember(&other->sa_mask, SIGUSR1) &&
              !sigismember(&one->sa_mask, SIGUSR2),
          "its mask");
}

static void handler_is_called_for_others(int stream) {
    handled = 0;
    write_all_ways(stream);
    check(handled == 0, "no handler is called for a vsock");
    expect_epipe(write(broken_pipe(), "x", 1), "write to a pipe");
    check(handled == 1 && handled_code == SI_USER && handled_blocked == 3, "it is for a pipe");
    raise(SIGPIPE);
    check(handled == 2 && handled_code == SI_TKILL, "and for raise");
}

static struct sigaction full_action(void) {
    struct sigaction action = {.sa_sigaction = on_sigpipe, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigaddset(&action.sa_mask, SIGUSR1);
    return action;
}
static void own_handler_before(void) {
    struct sigaction action = full_action(), read_back;
    sigaction(SIGPIPE, &action, NULL);
    int stream = widow();
    handler_is_called_for_others(stream);
    sigaction(SIGPIPE, NULL, &read_back);
    same_action(&read_back, &action);
}
static void own_handler_after(void) {
    struct sigaction action = full_action(), read_back, before;
    int stream = widow();
    sigaction(SIGPIPE, NULL, &before);
    check(before.sa_handler == SIG_DFL, "at first it is the default");
    sigaction(SIGPIPE, &action, &before);
    check(before.sa_handler == SIG_DFL, "before a handler it is the default");
    handler_is_called_for_others(stream);
    struct sigaction simple = {.sa_handler = on_sigpipe_simply};
    sigaction(SIGPIPE, &simple, &read_back);
    same_action(&read_back, &action);
    handled = 0;
    expect_epipe(write(stream, "x", 1), "write");
    expect_epipe(write(broken_pipe(), "x", 1), "write to a pipe");
    check(handled == 1, "a handler without siginfo");
    check(signal(SIGPIPE, SIG_IGN) == on_sigpipe_simply, "the handler before SIG_IGN");
    expect_epipe(write(stream, "x", 1), "write");
    expect_epipe(write(broken_pipe(), "x", 1), "write to a pipe, ignored");
    check(signal(SIGPIPE, SIG_DFL) == SIG_IGN, "SIG_IGN before the default");
    write_all_ways(stream);
    sigaction(SIGPIPE, NULL, &before);
    check(before.sa_handler == SIG_DFL, "at last it is the default");
    write(broken_pipe(), "x", 1);
}
static void one_shot_handler(void) {
    struct sigaction action = {.sa_handler = on_sigpipe_simply, .sa_flags = (int)SA_RESETHAND};
    widow();
    sigaction(SIGPIPE, &action, NULL);
    expect_epipe(write(broken_pipe(), "x", 1), "write to a pipe");
    check(handled == 1, "it is called once");
    write(broken_pipe(), "x", 1);
}
static void ignored_before(void) {
    signal(SIGPIPE, SIG_IGN);
    int stream = widow();
    write_all_ways(stream);
    expect_epipe(write(broken_pipe(), "x", 1), "write to a pipe");
    check(signal(SIGPIPE, SIG_DFL) == SIG_IGN, "it is ignored");
    write_all_ways(stream);
    write(broken_pipe(), "x", 1);
}
static void bad_pointers(void) {
    widow();
    check(syscall(SYS_rt_sigaction, SIGPIPE, 8, NULL, 8) == -1 && errno == EFAULT, "new");
    check(syscall(SYS_rt_sigaction, SIGPIPE, NULL, 8, 8) == -1 && errno == EFAULT, "old");
    check(syscall(SYS_rt_sigaction, SIGPIPE, NULL, NULL, 4) == -1 && errno == EINVAL, "size");
    write(broken_pipe(), "x", 1);
}

/* posix_spawn(3) sets handlers to the default in a child that shares the parent's memory. */
static void handler_survives_spawn(void) {
    struct sigaction action = full_action();
    sigaction(SIGPIPE, &action, NULL);
    int stream = widow(), status = 0;
    char* arguments[] = {"true", NULL};
    pid_t child;
    for (int i = 0; i < 20; ++i) {
        check(posix_spawnp(&child, "true", NULL, NULL, arguments, environ) == 0, "posix_spawn");
        waitpid(child, &status, 0);
        check(status == 0, "true");
    }
    handler_is_called_for_others(stream);
}

static void on_alarm(int number) {
    alarms += number == SIGALRM;
}
static void under_a_storm(void) {
    struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
    struct itimerval often = {{0, 300}, {0, 300}};
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    for (int i = 0; i < 100; ++i) {
        int stream = widow();
        for (int j = 0; j < 20; ++j)
            expect_epipe(write(stream, "x", 1), "write in a storm");
        close(stream);
    }
    for (int i = 0; i < 500; ++i) {
        signal(SIGPIPE, on_sigpipe_simply);
        check(signal(SIGPIPE, SIG_DFL) == on_sigpipe_simply, "a handler in a storm");
    }
    check(alarms > 20, "a storm");
}

static void stopped_and_continued(void) {
    pid_t parent = getpid();
    if (fork() == 0) {
        for (int i = 0; i < 50; ++i) {
            kill(parent, SIGSTOP);
            usleep(500);
            kill(parent, SIGCONT);
            usleep(500);
        }
        _exit(0);
    }
    for (int i = 0; i < 300; ++i) {
        int stream = widow();
        expect_epipe(write(stream, "x", 1), "write");
        close(stream);
        signal(SIGPIPE, i % 2 == 0 ? on_sigpipe_simply : SIG_DFL);
    }
    while (wait(NULL) > 0) {
    }
}

static const struct {
    const char* name;
    void (*run)(void);
} cases[] = {{"every-way", every_way},
             {"own-shutdown", own_shutdown},
             {"partly-written", partly_written},
             {"pipe", to_pipe},
             {"tcp", to_tcp},
             {"raise", by_raise},
             {"kill", by_kill},
             {"killed-by-another", by_another},
             {"threads", threads},
             {"made-by-a-thread", made_by_a_thread},
             {"child", in_a_child},
             {"pipeline", pipeline_after_exec},
             {"handler-before", own_handler_before},
             {"handler-after", own_handler_after},
             {"handler-once", one_shot_handler},
             {"ignored-before", ignored_before},
             {"bad-pointers", bad_pointers},
             {"spawn", handler_survives_spawn},
             {"storm", under_a_storm},
             {"stopped", stopped_and_continued}};

int main(int argc, char** argv) {
    own = (unsigned)argument(argc, argv, 1, "CID [CASE]");
    signal(SIGPIPE, SIG_DFL);                      /* Python's children inherit SIG_IGN */
    if (argc > 2 && strcmp(argv[2], "alone") == 0) /* not in a process of its own */
        to_pipe();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        if (argc > 2 && strcmp(argv[2], cases[i].name) != 0)
            continue;
        fflush(stdout);
        int status = 0;
        pid_t child = fork();
        if (child == 0) {
            cases[i].run();
            _exit(0);
        }
        waitpid(child, &status, 0);
        if (WIFSIGNALED(status))
            printf("%s SIG%s\n", cases[i].name, sigabbrev_np(WTERMSIG(status)));
        else
            printf("%s %s\n", cases[i].name, WEXITSTATUS(status) == 0 ? "lives" : "is wrong");
    }
    return 0;
}
