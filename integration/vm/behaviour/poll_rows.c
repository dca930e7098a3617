// SPDX-License-Identifier: Apache-2.0

// What poll, select and epoll show in each state of a socket.
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <unistd.h>

#include "sockets.h"

static void fresh(void) {
    int socket = stream_socket(0);
    say_poll("fresh", socket);
    bind_to(socket, ANY, port(0));
    say_poll("bound", socket);
    listen(socket, 1);
    say_poll("listening", socket);
    connect_to(stream_socket(0), place.self, port(0));
    settle();
    say_poll("pending", socket);
}

static void connected(void) {
    struct pair pair = connected_pair(port(0));
    say_poll("idle", pair.client);
    write(pair.accepted, "abc", 3);
    settle();
    say_poll("with-data", pair.client);
}

static void peer_half_closed(void) {
    struct pair pair = connected_pair(port(0));
    shutdown(pair.accepted, SHUT_WR);
    settle();
    say_poll("poll", pair.client);
}

static void peer_stopped_reading(void) {
    struct pair pair = connected_pair(port(0));
    shutdown(pair.accepted, SHUT_RD);
    settle();
    say_poll("poll", pair.client);
}

static void peer_closed(void) {
    struct pair pair = connected_pair(port(0));
    close(pair.accepted);
    settle();
    say_poll("poll", pair.client);
}

static void peer_closed_with_data(void) {
    struct pair pair = connected_pair(port(0));
    char got[8];
    write(pair.accepted, "abc", 3);
    close(pair.accepted);
    settle();
    say_poll("poll", pair.client);
    say_call("read", read(pair.client, got, sizeof(got)));
    say_poll("poll", pair.client);
}

static void own_half_close(void) {
    struct pair pair = connected_pair(port(0));
    shutdown(pair.client, SHUT_WR);
    say_poll("SHUT_WR", pair.client);
    shutdown(pair.client, SHUT_RD);
    say_poll("SHUT_RD", pair.client);
}

static void both_half_closed(void) {
    struct pair pair = connected_pair(port(0));
    shutdown(pair.client, SHUT_WR);
    shutdown(pair.accepted, SHUT_WR);
    settle();
    say_poll("client", pair.client);
    say_poll("accepted", pair.accepted);
}

static void full(void) {
    struct pair pair = connected_pair(port(0));
    static char block[65536];
    set_nonblocking(pair.client);
    while (write(pair.client, block, sizeof(block)) > 0)
        ;
    say_poll("full", pair.client);
    long left = 262144;
    while (left > 0) {
        long got = read(pair.accepted, block, sizeof(block));
        if (got <= 0)
            break;
        left -= got;
    }
    settle();
    say_poll("read", pair.client);
}

static void low_water(void) {
    struct pair pair = connected_pair(port(0));
    int mark = 10;
    setsockopt(pair.client, SOL_SOCKET, SO_RCVLOWAT, &mark, sizeof(mark));
    write(pair.accepted, "abc", 3);
    settle();
    say_poll("3-bytes", pair.client);
    write(pair.accepted, "0123456789", 10);
    settle();
    say_poll("13-bytes", pair.client);
}

static void selected(void) {
    struct pair pair = connected_pair(port(0));
    write(pair.accepted, "abc", 3);
    settle();
    fd_set readable, writable, odd;
    FD_ZERO(&readable);
    FD_ZERO(&writable);
    FD_ZERO(&odd);
    FD_SET(pair.client, &readable);
    FD_SET(pair.client, &writable);
    FD_SET(pair.client, &odd);
    struct timeval now = {0, 0};
    say_call("select", select(pair.client + 1, &readable, &writable, &odd, &now));
    say("read=%d write=%d except=%d", FD_ISSET(pair.client, &readable) != 0,
        FD_ISSET(pair.client, &writable) != 0, FD_ISSET(pair.client, &odd) != 0);
}

static void watch(int epoll, int socket, unsigned extra) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | extra};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event) != 0)
        give_up("epoll_ctl");
}

// What epoll shows at once, when all that was done before has had its effect.
static void next_event(const char* what, int epoll) {
    settle();
    struct epoll_event event = {0};
    if (epoll_wait(epoll, &event, 1, 0) == 0)
        say("%s=none", what);
    else
        say_events(what, event.events);
}

// Registered before or after a non-blocking connect that succeeds or is refused.
static void around_connect(unsigned extra, int before, int listening) {
    if (listening)
        listener_at(port(0), 4);
    int epoll = epoll_create1(0), client = stream_socket(SOCK_NONBLOCK);
    if (before) {
        watch(epoll, client, extra);
        next_event("unconnected", epoll);
    }
    say_call("connect", connect_to(client, place.self, port(0)));
    if (!before)
        watch(epoll, client, extra);
    next_event("first", epoll);
    next_event("second", epoll);
}
static void level_before(void) {
    around_connect(0, 1, 1);
}
static void level_after(void) {
    around_connect(0, 0, 1);
}
static void edge_before(void) {
    around_connect(EPOLLET, 1, 1);
}
static void edge_after(void) {
    around_connect(EPOLLET, 0, 1);
}
static void level_before_refused(void) {
    around_connect(0, 1, 0);
}
static void level_after_refused(void) {
    around_connect(0, 0, 0);
}
static void edge_before_refused(void) {
    around_connect(EPOLLET, 1, 0);
}
static void edge_after_refused(void) {
    around_connect(EPOLLET, 0, 0);
}

static void edge_before_blocking(void) {
    listener_at(port(0), 4);
    int epoll = epoll_create1(0), client = stream_socket(0);
    watch(epoll, client, EPOLLET);
    next_event("unconnected", epoll);
    say_call("connect", connect_to(client, place.self, port(0)));
    next_event("first", epoll);
    next_event("second", epoll);
}

static void edge_on_socket_not_connected(void) {
    int epoll = epoll_create1(0);
    watch(epoll, stream_socket(0), EPOLLET);
    next_event("first", epoll);
    next_event("second", epoll);
}

static void edge_listener(void) {
    int epoll = epoll_create1(0), listener = listener_at(port(0), 8);
    watch(epoll, listener, EPOLLET);
    next_event("idle", epoll);
    connect_to(stream_socket(0), place.self, port(0));
    next_event("first-client", epoll);
    next_event("then", epoll);
    connect_to(stream_socket(0), place.self, port(0));
    next_event("second-client", epoll);
    accept(listener, NULL, NULL);
    next_event("after-accept", epoll);
}

static void edge_listener_before_listen(void) {
    int epoll = epoll_create1(0), listener = stream_socket(0);
    bind_to(listener, ANY, port(0));
    watch(epoll, listener, EPOLLET);
    next_event("bound", epoll);
    listen(listener, 8);
    next_event("listening", epoll);
    connect_to(stream_socket(0), place.self, port(0));
    next_event("client", epoll);
}

static void edge_data(void) {
    struct pair pair = connected_pair(port(0));
    int epoll = epoll_create1(0);
    char got[8];
    watch(epoll, pair.client, EPOLLET);
    next_event("idle", epoll);
    write(pair.accepted, "abc", 3);
    next_event("data", epoll);
    next_event("unread", epoll);
    write(pair.accepted, "def", 3);
    next_event("more", epoll);
    say_call("read", read(pair.client, got, sizeof(got)));
    close(pair.accepted);
    next_event("closed", epoll);
}

static void oneshot(void) {
    struct pair pair = connected_pair(port(0));
    int epoll = epoll_create1(0);
    watch(epoll, pair.client, EPOLLONESHOT);
    next_event("first", epoll);
    write(pair.accepted, "abc", 3);
    next_event("second", epoll);
}

static const struct row table[] = {
    {"poll-listener", KERNEL, "poll: fresh, bound, listening, with a pending client", fresh},
    {"poll-connected", KERNEL, "poll: idle, with data", connected},
    {"poll-peer-half-closed", KERNEL, "poll after the peer's shutdown(SHUT_WR)", peer_half_closed},
    {"poll-peer-stopped-reading", KERNEL, "poll after the peer's shutdown(SHUT_RD)",
     peer_stopped_reading},
    {"poll-peer-closed", KERNEL, "poll after the peer's close", peer_closed},
    {"poll-peer-closed-with-data", KERNEL, "the peer writes and closes; poll, read, poll",
     peer_closed_with_data},
    {"poll-own-shutdown", KERNEL, "poll after the own shutdown(SHUT_WR), then SHUT_RD",
     own_half_close},
    {"poll-both-half-closed", KERNEL, "poll after shutdown(SHUT_WR) on both ends",
     both_half_closed},
    {"poll-full", KERNEL, "poll with the peer's buffer full, and read again", full},
    {"poll-low-water", KERNEL, "SO_RCVLOWAT 10; poll with 3 and 13 bytes", low_water},
    {"poll-select", KERNEL, "select with data", selected},
    {"epoll-level-before", KERNEL, "level; watched, then a non-blocking connect", level_before},
    {"epoll-level-after", KERNEL, "level; a non-blocking connect, then watched", level_after},
    {"epoll-edge-before", KERNEL, "edge; watched, then a non-blocking connect", edge_before},
    {"epoll-edge-after", KERNEL, "edge; a non-blocking connect, then watched", edge_after},
    {"epoll-level-before-refused", KERNEL, "level; watched, then a refused one",
     level_before_refused},
    {"epoll-level-after-refused", KERNEL, "level; a refused one, then watched",
     level_after_refused},
    {"epoll-edge-before-refused", KERNEL, "edge; watched, then a refused one", edge_before_refused},
    {"epoll-edge-after-refused", KERNEL, "edge; a refused one, then watched", edge_after_refused},
    {"epoll-edge-before-blocking", KERNEL, "edge; watched, then a blocking connect",
     edge_before_blocking},
    {"epoll-edge-unconnected", KERNEL, "edge; a fresh socket", edge_on_socket_not_connected},
    {"epoll-edge-listener", KERNEL, "edge; a listener and two clients", edge_listener},
    {"epoll-edge-listener-before-listen", KERNEL, "edge; watched, then listen and a client",
     edge_listener_before_listen},
    {"epoll-edge-data", KERNEL, "edge; data, more data, read, the peer's close", edge_data},
    {"epoll-oneshot", KERNEL, "EPOLLONESHOT; data after the first event", oneshot},
};
const struct rows poll_rows = ROWS(table);
