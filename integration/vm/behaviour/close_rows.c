// SPDX-License-Identifier: Apache-2.0

// Ends: shutdown and close on either side, unread data, SIGPIPE, and a peer that is killed.
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sockets.h"

// What a socket can still do when all that was done before has had its effect: recv, and a send.
static void say_state(const char* what, int socket) {
    char got[16];
    settle();
    say("%s:", what);
    say_call("recv", recv(socket, got, sizeof(got), MSG_DONTWAIT));
    say_call("send", send(socket, "x", 1, MSG_NOSIGNAL));
}

static void half_close(void) {
    struct pair pair = connected_pair(port(0));
    char got[8];
    write(pair.client, "abc", 3);
    say_call("shutdown", shutdown(pair.client, SHUT_WR));
    say_call("peer-read", read(pair.accepted, got, sizeof(got)));
    say_call("peer-read-end", read(pair.accepted, got, sizeof(got)));
    say_call("peer-write", write(pair.accepted, "defg", 4));
    say_call("read", read(pair.client, got, sizeof(got)));
    close(pair.accepted);
    say_call("read-end", read(pair.client, got, sizeof(got)));
}

static void shutdown_read(void) {
    struct pair pair = connected_pair(port(0));
    say_call("shutdown", shutdown(pair.client, SHUT_RD));
    say_state("own", pair.client);
    say_state("peer", pair.accepted);
}

static void shutdown_write(void) {
    struct pair pair = connected_pair(port(0));
    say_call("shutdown", shutdown(pair.client, SHUT_WR));
    say_state("own", pair.client);
    say_state("peer", pair.accepted);
}

static void shutdown_both(void) {
    struct pair pair = connected_pair(port(0));
    say_call("shutdown", shutdown(pair.client, SHUT_RDWR));
    say_state("own", pair.client);
    say_state("peer", pair.accepted);
}

static void shutdown_in_turn(void) {
    struct pair pair = connected_pair(port(0));
    say_call("client", shutdown(pair.client, SHUT_WR));
    settle();
    say_call("accepted", shutdown(pair.accepted, SHUT_WR));
    say_state("client", pair.client);
    say_state("accepted", pair.accepted);
}

static void shutdown_both_unread(void) {
    struct pair pair = connected_pair(port(0));
    char got[8];
    write(pair.client, "abc", 3);
    say_call("shutdown", shutdown(pair.client, SHUT_RDWR));
    settle();
    say_call("peer-read", read(pair.accepted, got, sizeof(got)));
    say_call("peer-read-end", read(pair.accepted, got, sizeof(got)));
}

static void shutdown_odd(void) {
    struct pair pair = connected_pair(port(0));
    say_call("fresh", shutdown(stream_socket(0), SHUT_WR));
    say_call("how-3", shutdown(pair.client, 3));
    say_call("how-minus-1", shutdown(pair.client, -1));
    say_call("first", shutdown(pair.client, SHUT_WR));
    say_call("again", shutdown(pair.client, SHUT_WR));
    close(pair.accepted);
    settle();
    say_call("after-peer-closed", shutdown(pair.client, SHUT_RD));
}

static void peer_closed(void) {
    struct pair pair = connected_pair(port(0));
    close(pair.accepted);
    say_state("first", pair.client);
    say_state("again", pair.client);
    int error = -1;
    socklen_t length = sizeof(error);
    getsockopt(pair.client, SOL_SOCKET, SO_ERROR, &error, &length);
    say_errno("SO_ERROR", error);
}

static void closed_with_unread(void) {
    struct pair pair = connected_pair(port(0));
    write(pair.client, "abc", 3);
    settle();
    close(pair.accepted);
    settle();
    say_poll("poll", pair.client);
    say_state("own", pair.client);
    int error = -1;
    socklen_t length = sizeof(error);
    getsockopt(pair.client, SOL_SOCKET, SO_ERROR, &error, &length);
    say_errno("SO_ERROR", error);
}

static void closed_with_unread_both_ways(void) {
    struct pair pair = connected_pair(port(0));
    char got[8];
    write(pair.client, "abc", 3);
    write(pair.accepted, "defg", 4);
    settle();
    close(pair.accepted);
    settle();
    say_call("read", read(pair.client, got, sizeof(got)));
    say_call("read-end", read(pair.client, got, sizeof(got)));
}

static void written_then_closed(void) {
    struct pair pair = connected_pair(port(0));
    char got[8];
    write(pair.accepted, "abc", 3);
    close(pair.accepted);
    settle();
    say_call("send", send(pair.client, "x", 1, MSG_NOSIGNAL));
    say_call("read", read(pair.client, got, sizeof(got)));
    say_call("read-end", read(pair.client, got, sizeof(got)));
}

static void closed_by_linger(void) {
    struct pair pair = connected_pair(port(0));
    struct linger none = {1, 0};
    setsockopt(pair.accepted, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
    close(pair.accepted);
    settle();
    say_poll("poll", pair.client);
    say_state("own", pair.client);
}

static void peer_killed(void) {
    struct pair pair = connected_pair(port(0));
    pid_t child = fork();
    if (child == 0) {
        for (;;)
            pause();
    }
    close(pair.accepted);
    close(pair.listener);
    settle();
    say_poll("alive", pair.client);
    // The child has the client's end too; that one stays open here.
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    settle();
    say_poll("killed", pair.client);
    say_state("own", pair.client);
}

static void pipe_signal_peer_closed(void) {
    struct pair pair = connected_pair(port(0));
    catch_sigpipe();
    close(pair.accepted);
    settle();
    say_call("write", write(pair.client, "x", 1));
    say("SIGPIPE=%d", sigpipes());
    say_call("write", write(pair.client, "x", 1));
    say("SIGPIPE=%d", sigpipes());
    say_call("send-nosignal", send(pair.client, "x", 1, MSG_NOSIGNAL));
    say("SIGPIPE=%d", sigpipes());
}

static void pipe_signal_own_shutdown(void) {
    struct pair pair = connected_pair(port(0));
    catch_sigpipe();
    shutdown(pair.client, SHUT_WR);
    say_call("write", write(pair.client, "x", 1));
    say("SIGPIPE=%d", sigpipes());
}

static void pipe_signal_peer_stopped_reading(void) {
    struct pair pair = connected_pair(port(0));
    catch_sigpipe();
    shutdown(pair.accepted, SHUT_RD);
    settle();
    say_call("write", write(pair.client, "x", 1));
    say("SIGPIPE=%d", sigpipes());
}

static void pipe_signal_default(void) {
    struct pair pair = connected_pair(port(0));
    pid_t child = fork();
    if (child == 0) {
        close(pair.accepted);
        shutdown(pair.client, SHUT_WR);
        write(pair.client, "x", 1);
        _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    say("writer=%s", WIFSIGNALED(status) ? "killed-by-SIGPIPE" : "lives");
}

static void closed_while_reading(void) {
    struct pair pair = connected_pair(port(0));
    char got[4];
    if (fork() == 0) {
        close(pair.client);
        wait_until_asleep(getppid());
        close(pair.accepted);
        _exit(0);
    }
    close(pair.accepted);
    say_call("read", read(pair.client, got, sizeof(got)));
}

static void closed_while_writing(void) {
    struct pair pair = connected_pair(port(0));
    static char block[1 << 20];
    if (fork() == 0) {
        close(pair.client);
        wait_until_asleep(getppid());
        close(pair.accepted);
        _exit(0);
    }
    close(pair.accepted);
    long wrote = send(pair.client, block, sizeof(block), MSG_NOSIGNAL);
    say_call("send-1MiB", wrote);
    say_call("again", send(pair.client, block, sizeof(block), MSG_NOSIGNAL));
}

static void shutdown_while_reading(void) {
    struct pair pair = connected_pair(port(0));
    char got[4];
    if (fork() == 0) {
        wait_until_asleep(getppid());
        shutdown(pair.client, SHUT_RD);
        _exit(0);
    }
    say_call("read", read(pair.client, got, sizeof(got)));
}

static void both_closed_at_once(void) {
    struct pair pair = connected_pair(port(0));
    write(pair.client, "abc", 3);
    write(pair.accepted, "abc", 3);
    say_call("client", close(pair.client));
    say_call("accepted", close(pair.accepted));
    say_call("connect-again", connect_to(stream_socket(0), place.self, port(0)));
}

static const struct row table[] = {
    {"close-half", KERNEL, "write, shutdown(SHUT_WR); the peer reads to the end and answers",
     half_close},
    {"close-shutdown-read", KERNEL, "shutdown(SHUT_RD); recv and send on both ends", shutdown_read},
    {"close-shutdown-write", KERNEL, "shutdown(SHUT_WR); the same", shutdown_write},
    {"close-shutdown-both", KERNEL, "shutdown(SHUT_RDWR); the same", shutdown_both},
    {"close-shutdown-in-turn", KERNEL, "shutdown(SHUT_WR) on one end, then the other; the same",
     shutdown_in_turn},
    {"close-shutdown-both-unread", KERNEL, "write, shutdown(SHUT_RDWR); the peer reads",
     shutdown_both_unread},
    {"close-shutdown-odd", KERNEL, "shutdown of a fresh socket, of odd directions, twice",
     shutdown_odd},
    {"close-peer-closed", KERNEL, "the peer closes; recv, send twice; SO_ERROR", peer_closed},
    {"close-with-unread", KERNEL, "the peer closes with unread data; poll, recv, send, SO_ERROR",
     closed_with_unread},
    {"close-with-unread-both-ways", KERNEL, "the same with data on its way back; read",
     closed_with_unread_both_ways},
    {"close-after-write", KERNEL, "the peer writes and closes; send, read, read",
     written_then_closed},
    {"close-linger-zero", KERNEL, "the peer closes with SO_LINGER {1, 0}; poll, recv, send",
     closed_by_linger},
    {"close-peer-killed", KERNEL, "the peer's process is killed; poll, recv, send", peer_killed},
    {"close-sigpipe-peer-closed", KERNEL, "write after the peer's close; SIGPIPEs",
     pipe_signal_peer_closed},
    {"close-sigpipe-own-shutdown", KERNEL, "write after the own shutdown(SHUT_WR)",
     pipe_signal_own_shutdown},
    {"close-sigpipe-peer-stopped-reading", KERNEL, "write after the peer's shutdown(SHUT_RD)",
     pipe_signal_peer_stopped_reading},
    {"close-sigpipe-default", KERNEL, "the same with SIGPIPE's default action",
     pipe_signal_default},
    {"close-while-reading", KERNEL, "the peer closes under a blocked read", closed_while_reading},
    {"close-while-writing", KERNEL, "the peer closes under a blocked send of 1 MiB; send again",
     closed_while_writing},
    {"close-shutdown-while-reading", KERNEL, "the own shutdown(SHUT_RD) under a blocked read",
     shutdown_while_reading},
    {"close-both-at-once", KERNEL, "both ends close with unread data; connect again",
     both_closed_at_once},
};
const struct rows close_rows = ROWS(table);
