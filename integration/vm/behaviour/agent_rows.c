// SPDX-License-Identifier: Apache-2.0

// Connections that leave this CID, to an agent (agent.h) that may be in the parent's guest.
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "agent.h"
#include "sockets.h"

static int asked(char wish) {
    int socket = stream_socket(0);
    if (connect_to(socket, place.agent_cid, place.agent_port) != 0)
        give_up("connect");
    if (write(socket, &wish, 1) != 1)
        give_up("write");
    return socket;
}

static void names(void) {
    int socket = asked('n');
    struct sockaddr_vm own, seen = address_of(0, 0);
    socklen_t length = sizeof(own);
    uint32_t words[2];
    say_call("read", read_all(socket, (char*)words, sizeof(words)));
    getsockname(socket, (struct sockaddr*)&own, &length);
    seen.svm_cid = words[0];
    seen.svm_port = words[1];
    say_address("agent-sees", &seen, sizeof(seen));
    say("ports=%s", own.svm_port == words[1] ? "same" : "different");
}

static void own_name(void) {
    int socket = asked('e');
    struct sockaddr_vm own;
    socklen_t length = sizeof(own);
    getsockname(socket, (struct sockaddr*)&own, &length);
    say("cid=%s port=%s",
        own.svm_cid == ANY          ? "any"
        : own.svm_cid == place.self ? "self"
                                    : "other",
        own.svm_port >= 1024 ? "auto" : "privileged");
}

static void peer_name(void) {
    int socket = asked('e');
    struct sockaddr_vm peer;
    socklen_t length = sizeof(peer);
    say_call("getpeername", getpeername(socket, (struct sockaddr*)&peer, &length));
    say("cid=%s port=%s flags=%u len=%u", peer.svm_cid == place.agent_cid ? "agent" : "other",
        peer.svm_port == place.agent_port ? "agent" : "other", peer.svm_flags, (unsigned)length);
}

static void nobody(void) {
    int socket = stream_socket(0);
    say_call("connect", connect_to(socket, place.agent_cid, port(0)));
}

static void nobody_nonblocking(void) {
    int socket = stream_socket(SOCK_NONBLOCK), error = -1;
    socklen_t length = sizeof(error);
    say_call("connect", connect_to(socket, place.agent_cid, port(0)));
    wait_for(socket, POLLERR);
    say_poll("poll", socket);
    getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &length);
    say_errno("SO_ERROR", error);
}

static void nonblocking(void) {
    int socket = stream_socket(SOCK_NONBLOCK), error = -1;
    socklen_t length = sizeof(error);
    say_call("connect", connect_to(socket, place.agent_cid, place.agent_port));
    wait_for(socket, POLLOUT);
    say_poll("poll", socket);
    getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &length);
    say_errno("SO_ERROR", error);
}

static void echoed(void) {
    int socket = asked('e');
    static char out[1 << 20], back[1 << 20];
    for (size_t i = 0; i < sizeof(out); ++i)
        out[i] = (char)(i * 7 >> 5);
    if (fork() == 0) {
        for (size_t sent = 0; sent < sizeof(out);) {
            ssize_t wrote = write(socket, out + sent, sizeof(out) - sent);
            if (wrote <= 0)
                _exit(1);
            sent += (size_t)wrote;
        }
        shutdown(socket, SHUT_WR);
        _exit(0);
    }
    say_call("received", read_all(socket, back, sizeof(back)));
    say("same=%d", memcmp(out, back, sizeof(out)) == 0);
    say_call("end", read(socket, back, 1));
}

static void half_closed(void) {
    int socket = asked('h');
    char got[8];
    say_call("read", read_all(socket, got, sizeof(got)));
    say_poll("poll", socket);
    say_call("write", write(socket, "12345", 5));
}

static void closed_at_once(void) {
    int socket = asked('c');
    wait_for(socket, POLLRDHUP);
    char got[8];
    say_poll("poll", socket);
    say_call("recv", recv(socket, got, sizeof(got), MSG_DONTWAIT));
    say_call("send", send(socket, "x", 1, MSG_NOSIGNAL));
}

static void closed_with_unread(void) {
    int socket = asked('u');
    char got[8];
    write(socket, "abc", 3);
    wait_for(socket, POLLRDHUP);
    say_poll("poll", socket);
    say_call("recv", recv(socket, got, sizeof(got), MSG_DONTWAIT));
    say_call("send", send(socket, "x", 1, MSG_NOSIGNAL));
}

static void stops_reading(void) {
    int socket = asked('r');
    char got;
    read(socket, &got, 1);  // written after the shutdown
    say_poll("poll", socket);
    say_call("send", send(socket, "x", 1, MSG_NOSIGNAL));
}

static void sends_and_closes(void) {
    int socket = asked('s');
    static char block[65536];
    long total = 0, got;
    while ((got = read(socket, block, sizeof(block))) > 0)
        total += got;
    say("received=%ld", total);
    say_call("end", got);
}

static void never_reads(void) {
    int socket = asked('w');
    static char block[65536];
    read(socket, block, 1);  // the wish has been read: all the room is there
    set_nonblocking(socket);
    long total = 0, wrote;
    while ((wrote = send(socket, block, sizeof(block), MSG_NOSIGNAL)) > 0)
        total += wrote;
    say("total=%ldKiB", total / 1024);
    say_poll("poll", socket);
}

static const struct row table[] = {
    {"agent-names", SWITCH, "the agent tells the client's address", names},
    {"agent-own-name", KERNEL, "getsockname of the client", own_name},
    {"agent-peer-name", KERNEL, "getpeername of the client", peer_name},
    {"agent-nobody", KERNEL, "connect to the agent's CID where nobody listens", nobody},
    {"agent-nobody-nonblocking", KERNEL, "the same, non-blocking; poll; SO_ERROR",
     nobody_nonblocking},
    {"agent-nonblocking", KERNEL, "a non-blocking connect to the agent; poll; SO_ERROR",
     nonblocking},
    {"agent-echo", KERNEL, "1 MiB echoed, shutdown(SHUT_WR), the end", echoed},
    {"agent-half-closes", KERNEL, "the agent writes and shuts down; poll; write", half_closed},
    {"agent-closes", KERNEL, "the agent closes; poll, recv, send", closed_at_once},
    {"agent-closes-unread", KERNEL, "the agent closes with unread data; poll, recv, send",
     closed_with_unread},
    {"agent-stops-reading", KERNEL, "the agent's shutdown(SHUT_RD); poll, send", stops_reading},
    {"agent-sends-and-closes", KERNEL, "the agent writes 1 MiB and closes; read to the end",
     sends_and_closes},
    {"agent-never-reads", KERNEL, "non-blocking writes of 64 KiB until they fail; poll",
     never_reads},
};
const struct rows agent_rows = ROWS(table);
