// SPDX-License-Identifier: Apache-2.0

// accept(2): waiting, being interrupted, running out of descriptors, and the backlog before it.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sockets.h"

static volatile sig_atomic_t* caught;  // in memory that the child shares
static void on_signal(int number) {
    (void)number;
    ++*caught;
}

// A child that sends this process SIGUSR1 once it is blocked, and connects when that was caught.
static void signal_then_connect(int flags) {
    caught = mmap(NULL, sizeof(*caught), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (caught == MAP_FAILED)
        give_up("mmap");
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = flags};
    sigaction(SIGUSR1, &action, NULL);
    pid_t parent = getpid();
    if (fork() == 0) {
        wait_until_asleep(parent);
        kill(parent, SIGUSR1);
        while (*caught == 0)
            sched_yield();
        connect_to(stream_socket(0), place.self, port(0));
        pause();
    }
}

static void accepted(const char* what, int listener) {
    int result = accept(listener, NULL, NULL);
    if (result < 0)
        say_call(what, result);
    else
        say("%s=ok", what);
}

static void interrupted(void) {
    int listener = listener_at(port(0), 4);
    signal_then_connect(0);
    accepted("accept", listener);
    say("caught=%d", *caught);
    accepted("again", listener);
}

static void restarted(void) {
    int listener = listener_at(port(0), 4);
    signal_then_connect(SA_RESTART);
    accepted("accept", listener);
    say("caught=%d", *caught);
}

static void receive_timeout(int socket, int milliseconds) {
    struct timeval limit = {.tv_sec = milliseconds / 1000, .tv_usec = milliseconds % 1000 * 1000};
    say_call("SO_RCVTIMEO", setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)));
}

static void restarted_with_timeout(void) {
    int listener = listener_at(port(0), 4);
    receive_timeout(listener, patience_milliseconds);
    signal_then_connect(SA_RESTART);
    accepted("accept", listener);
    say("caught=%d", *caught);
}

static void timed_out(void) {
    int listener = listener_at(port(0), 4);
    receive_timeout(listener, 100);
    accepted("accept", listener);
}

static void nonblocking_empty(void) {
    int listener = listener_at(port(0), 4);
    set_nonblocking(listener);
    accepted("accept", listener);
}

static void flags_inherited(void) {
    int listener = listener_at(port(0), 4), client = stream_socket(0);
    set_nonblocking(listener);
    fcntl(listener, F_SETFD, FD_CLOEXEC);
    connect_to(client, place.self, port(0));
    int got = accept(listener, NULL, NULL);
    say("O_NONBLOCK=%d FD_CLOEXEC=%d", (fcntl(got, F_GETFL) & O_NONBLOCK) != 0,
        (fcntl(got, F_GETFD) & FD_CLOEXEC) != 0);
}

static void flags_asked(void) {
    int listener = listener_at(port(0), 4), client = stream_socket(0);
    connect_to(client, place.self, port(0));
    int got = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    say("O_NONBLOCK=%d FD_CLOEXEC=%d", (fcntl(got, F_GETFL) & O_NONBLOCK) != 0,
        (fcntl(got, F_GETFD) & FD_CLOEXEC) != 0);
    say_call("accept4-unknown-flag", accept4(listener, NULL, NULL, 0x1));
}

static void not_listening(void) {
    struct pair pair = connected_pair(port(0));
    int bound = stream_socket(0);
    bind_to(bound, ANY, port(1));
    accepted("unbound", stream_socket(0));
    accepted("bound", bound);
    accepted("connected", pair.client);
}

static void at_the_limit(void) {
    int listener = listener_at(port(0), 4), client = stream_socket(0);
    connect_to(client, place.self, port(0));
    int highest = dup(listener);
    close(highest);
    struct rlimit limit, tight;
    getrlimit(RLIMIT_NOFILE, &limit);
    tight = limit;
    tight.rlim_cur = (rlim_t)highest;
    setrlimit(RLIMIT_NOFILE, &tight);
    accepted("accept", listener);
    say_poll("listener", listener);
    setrlimit(RLIMIT_NOFILE, &limit);
    accepted("after", listener);
}

static void after_client_closed(void) {
    int listener = listener_at(port(0), 4), client = stream_socket(0);
    char got[8];
    connect_to(client, place.self, port(0));
    write(client, "abc", 3);
    close(client);
    settle();
    int peer = accept(listener, NULL, NULL);
    say_call("accept", peer < 0 ? -1 : 0);
    say_call("read", read(peer, got, sizeof(got)));
    say_call("then", read(peer, got, sizeof(got)));
}

static void after_client_closed_silent(void) {
    int listener = listener_at(port(0), 4), client = stream_socket(0);
    char got[8];
    connect_to(client, place.self, port(0));
    close(client);
    settle();
    say_poll("listener", listener);
    int peer = accept(listener, NULL, NULL);
    say_call("accept", peer < 0 ? -1 : 0);
    say_call("read", read(peer, got, sizeof(got)));
    struct sockaddr_vm name;
    socklen_t length = sizeof(name);
    say_call("getpeername", getpeername(peer, (struct sockaddr*)&name, &length));
}

static void in_order(void) {
    int listener = listener_at(port(0), 4);
    for (unsigned i = 1; i <= 3; ++i) {
        int client = stream_socket(0);
        bind_to(client, ANY, port(i));
        connect_to(client, place.self, port(0));
    }
    for (int i = 0; i < 3; ++i) {
        struct sockaddr_vm peer;
        socklen_t length = sizeof(peer);
        accept(listener, (struct sockaddr*)&peer, &length);
        say("p%u", peer.svm_port - port(0));
    }
}

static void backlog_of(int backlog, int attempts) {
    listener_at(port(0), backlog);
    int connected = 0, error = 0;
    for (int i = 0; i < attempts && error == 0; ++i) {
        if (connect_to(stream_socket(0), place.self, port(0)) == 0)
            ++connected;
        else
            error = errno;
    }
    say("connected=%d", connected);
    if (error != 0)
        say_errno("next", error);
}
static void backlog_zero(void) {
    backlog_of(0, 8);
}
static void backlog_one(void) {
    backlog_of(1, 8);
}
static void backlog_four(void) {
    backlog_of(4, 16);
}
static void backlog_negative(void) {
    backlog_of(-1, 32);
}

static void backlog_freed(void) {
    int listener = listener_at(port(0), 0);
    say_call("first", connect_to(stream_socket(0), place.self, port(0)));
    say_call("second", connect_to(stream_socket(0), place.self, port(0)));
    accepted("accept", listener);
    say_call("third", connect_to(stream_socket(0), place.self, port(0)));
}

static void backlog_full_nonblocking(void) {
    listener_at(port(0), 0);
    connect_to(stream_socket(0), place.self, port(0));
    int client = stream_socket(SOCK_NONBLOCK), error = -1;
    socklen_t length = sizeof(error);
    say_call("connect", connect_to(client, place.self, port(0)));
    settle();
    say_poll("poll", client);
    getsockopt(client, SOL_SOCKET, SO_ERROR, &error, &length);
    say_errno("SO_ERROR", error);
}

static void listener_closed_pending(void) {
    int listener = listener_at(port(0), 4), client = stream_socket(0);
    char got[8];
    say_call("connect", connect_to(client, place.self, port(0)));
    close(listener);
    settle();
    say_poll("poll", client);
    say_call("read", read(client, got, sizeof(got)));
    say_call("send", send(client, "x", 1, MSG_NOSIGNAL));
}

static void listener_shutdown(void) {
    int listener = listener_at(port(0), 4);
    say_call("shutdown", shutdown(listener, SHUT_RDWR));
    say_poll("poll", listener);
    say_call("connect", connect_to(stream_socket(0), place.self, port(0)));
}

static void listener_read_write(void) {
    int listener = listener_at(port(0), 4);
    char got[4];
    say_call("read", read(listener, got, sizeof(got)));
    say_call("send", send(listener, "x", 1, MSG_NOSIGNAL));
}

static void waits_in_a_child(void) {
    int listener = listener_at(port(0), 4);
    pid_t child = fork();
    if (child == 0) {
        int got = accept(listener, NULL, NULL);
        _exit(got < 0 ? errno : 0);
    }
    close(listener);
    say_call("connect", connect_to(stream_socket(0), place.self, port(0)));
    int status = 0;
    waitpid(child, &status, 0);
    say_errno("accept", WEXITSTATUS(status));
}

static const struct row table[] = {
    {"accept-interrupted", KERNEL, "a blocked accept; a signal caught without SA_RESTART",
     interrupted},
    {"accept-restarted", KERNEL, "a blocked accept; a signal caught with SA_RESTART", restarted},
    {"accept-restarted-with-timeout", KERNEL, "the same with SO_RCVTIMEO set",
     restarted_with_timeout},
    {"accept-timed-out", KERNEL, "SO_RCVTIMEO of 100 ms; accept", timed_out},
    {"accept-nonblocking-empty", KERNEL, "non-blocking accept of nothing", nonblocking_empty},
    {"accept-flags-inherited", KERNEL, "accept from a non-blocking, close-on-exec listener",
     flags_inherited},
    {"accept-flags-asked", KERNEL, "accept4 with both flags, and with an unknown one", flags_asked},
    {"accept-not-listening", KERNEL, "accept on unbound, bound and connected sockets",
     not_listening},
    {"accept-at-descriptor-limit", KERNEL, "accept at RLIMIT_NOFILE; then with room again",
     at_the_limit},
    {"accept-after-client-closed", KERNEL, "connect, write, close; accept, read, read",
     after_client_closed},
    {"accept-after-client-closed-silent", KERNEL, "connect, close; poll, accept, read, getpeername",
     after_client_closed_silent},
    {"accept-in-order", KERNEL, "three clients; the order of their ports", in_order},
    {"accept-backlog-zero", KERNEL, "listen(0); how many connect unaccepted, and the next",
     backlog_zero},
    {"accept-backlog-one", KERNEL, "listen(1); the same", backlog_one},
    {"accept-backlog-four", KERNEL, "listen(4); the same", backlog_four},
    {"accept-backlog-negative", KERNEL, "listen(-1); the same, 32 tried", backlog_negative},
    {"accept-backlog-freed", KERNEL, "listen(0); connect, connect, accept, connect", backlog_freed},
    {"accept-backlog-full-nonblocking", KERNEL, "a non-blocking connect to a full backlog",
     backlog_full_nonblocking},
    {"accept-listener-closed-pending", KERNEL, "connect; close the listener; poll, read, send",
     listener_closed_pending},
    {"accept-listener-shutdown", KERNEL, "shutdown a listener; poll; connect", listener_shutdown},
    {"accept-listener-read-write", KERNEL, "read and send on a listener", listener_read_write},
    {"accept-in-child", KERNEL, "a child accepts; its parent closes the listener and connects",
     waits_in_a_child},
};
const struct rows accept_rows = ROWS(table);
