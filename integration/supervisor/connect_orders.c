// SPDX-License-Identifier: Apache-2.0

/* Non-blocking connects in the orders of calls of event loops, each judged by what such a loop
   looks at: connect_orders CID PORT connected|refused ROUNDS. Prints a line for each order: its
   name and how many rounds came out as expected.

     go         connect, then watched by edge (net, mdlayher/socket since 0.4.1)
     go-file    watched by edge, then connect (os.NewFile, mdlayher/socket up to 0.4.0)
     go-thread  the same, while another thread waits for the edge already
     mio        connect, then watched by edge; writable: SO_ERROR, then getpeername
     libuv      connect, then watched by level for writing alone
     poll       connect, poll(POLLOUT)
     select     connect, select for writing */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <unistd.h>

#include "../apps/c/app.h"

#define WAIT_MS 10000
#define EDGE (EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET)

static struct sockaddr_vm address;
static int is_refusal_expected;

static int say(const char* what, long got, long expected) {
    if (got == expected)
        return 1;
    printf("  %s: %ld, %ld was expected\n", what, got, expected);
    return 0;
}

static int connect_errno(int stream) {
    return connect(stream, (struct sockaddr*)&address, sizeof address) == 0 ? 0 : errno;
}

static int so_error(int stream) {
    int error = -1;
    socklen_t length = sizeof error;
    if (getsockopt(stream, SOL_SOCKET, SO_ERROR, &error, &length) != 0 || length != sizeof error)
        die("SO_ERROR");
    return error;
}

static int peer_errno(int stream) {
    struct sockaddr_vm peer;
    socklen_t length = sizeof peer;
    return getpeername(stream, (struct sockaddr*)&peer, &length) == 0 ? 0 : errno;
}

/* What a loop asks when it was told that the socket is writable. */
static int outcome_is_right(int stream) {
    int refusal = is_refusal_expected;
    return say("SO_ERROR", so_error(stream), refusal ? ECONNRESET : 0) &
           say("SO_ERROR again", so_error(stream), 0) &
           say("getpeername", peer_errno(stream), refusal ? ENOTCONN : 0) &
           say("connect again", connect_errno(stream), refusal ? EALREADY : EISCONN) &
           say("send", send(stream, "x", 1, MSG_NOSIGNAL), refusal ? -1 : 1);
}

static void watch(int watcher, int stream, unsigned events) {
    struct epoll_event event = {.events = events};
    if (epoll_ctl(watcher, EPOLL_CTL_ADD, stream, &event) != 0)
        die("epoll_ctl");
}

/* Whether a watcher hears of it that takes an error and a hang-up for writable, as all loops do. */
static int is_told(int watcher) {
    struct epoll_event event = {0};
    return say("events", epoll_wait(watcher, &event, 1, WAIT_MS), 1) &&
           say("writable", (event.events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0, 1);
}

static int watched_after(int stream, int watcher, unsigned events) {
    if (!say("connect", connect_errno(stream), EINPROGRESS))
        return 0;
    watch(watcher, stream, events);
    return is_told(watcher) && outcome_is_right(stream);
}
static int go(int stream, int watcher) {
    return watched_after(stream, watcher, EDGE);
}
static int mio(int stream, int watcher) {
    return watched_after(stream, watcher, EPOLLOUT | EPOLLET);
}
static int libuv(int stream, int watcher) {
    return watched_after(stream, watcher, EPOLLOUT);
}

static int go_file(int stream, int watcher) {
    struct epoll_event event;
    watch(watcher, stream, EDGE);
    epoll_wait(watcher, &event, 1, 0); /* what an unconnected socket shows */
    return say("connect", connect_errno(stream), EINPROGRESS) && is_told(watcher) &&
           outcome_is_right(stream);
}

static void* wait_for_edge(void* watcher) {
    return (void*)(long)is_told(*(int*)watcher);
}

static int go_thread(int stream, int watcher) {
    struct epoll_event event;
    pthread_t thread;
    void* told = NULL;
    watch(watcher, stream, EDGE);
    epoll_wait(watcher, &event, 1, 0);
    if (pthread_create(&thread, NULL, wait_for_edge, &watcher) != 0)
        die("pthread_create");
    usleep(200); /* most rounds then find the thread asleep; none needs it */
    int connecting = say("connect", connect_errno(stream), EINPROGRESS);
    pthread_join(thread, &told);
    return connecting && told != NULL && outcome_is_right(stream);
}

static int by_poll(int stream, int watcher) {
    (void)watcher;
    struct pollfd ready = {stream, POLLOUT, 0};
    return say("connect", connect_errno(stream), EINPROGRESS) &&
           say("poll", poll(&ready, 1, WAIT_MS), 1) && outcome_is_right(stream);
}

static int by_select(int stream, int watcher) {
    (void)watcher;
    fd_set writable;
    FD_ZERO(&writable);
    FD_SET(stream, &writable);
    struct timeval wait = {WAIT_MS / 1000, 0};
    return say("connect", connect_errno(stream), EINPROGRESS) &&
           say("select", select(stream + 1, NULL, &writable, NULL, &wait), 1) &&
           outcome_is_right(stream);
}

static const struct {
    const char* name;
    int (*round)(int stream, int watcher);
} orders[] = {{"go", go},       {"go-file", go_file}, {"go-thread", go_thread}, {"mio", mio},
              {"libuv", libuv}, {"poll", by_poll},    {"select", by_select}};

int main(int argc, char** argv) {
    const char* usage = "CID PORT connected|refused ROUNDS";
    address = vsock_address((unsigned)argument(argc, argv, 1, usage),
                            (unsigned)argument(argc, argv, 2, usage));
    unsigned long rounds = argument(argc, argv, 4, usage);
    is_refusal_expected = strcmp(argv[3], "refused") == 0;
    for (size_t i = 0; i < sizeof orders / sizeof *orders; ++i) {
        unsigned long right = 0;
        for (unsigned long round = 0; round < rounds; ++round) {
            int stream = socket(AF_VSOCK, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
            int watcher = epoll_create1(EPOLL_CLOEXEC);
            if (stream < 0 || watcher < 0)
                die("socket");
            right += (unsigned long)orders[i].round(stream, watcher);
            close(watcher);
            close(stream);
        }
        printf("%s %lu\n", orders[i].name, right);
    }
    return 0;
}
