// SPDX-License-Identifier: Apache-2.0

// getsockname, getpeername and the addresses that accept, recvfrom and recvmsg fill in.
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "sockets.h"

static void unbound(void) {
    int socket = stream_socket(0);
    say_own_name("name", socket);
    say_peer_name("peer", socket);
}

static void listener(void) {
    int socket = listener_at(port(0), 1);
    say_own_name("name", socket);
    say_peer_name("peer", socket);
}

static void client(void) {
    struct pair pair = connected_pair(port(0));
    say_own_name("name", pair.client);
    say_peer_name("peer", pair.client);
}

static void accepted(void) {
    struct pair pair = connected_pair(port(0));
    say_own_name("name", pair.accepted);
    say_peer_name("peer", pair.accepted);
}

static void agree(void) {
    struct pair pair = connected_pair(port(0));
    struct sockaddr_vm own, peer;
    socklen_t length = sizeof(own);
    getsockname(pair.client, (struct sockaddr*)&own, &length);
    getpeername(pair.accepted, (struct sockaddr*)&peer, &length);
    say("ports=%s", own.svm_port == peer.svm_port ? "same" : "different");
}

static void refused(void) {
    int socket = stream_socket(0);
    connect_to(socket, place.self, port(0));
    say_own_name("name", socket);
    say_peer_name("peer", socket);
}

static void after_peer_closed(void) {
    struct pair pair = connected_pair(port(0));
    close(pair.accepted);
    settle();
    say_own_name("name", pair.client);
    say_peer_name("peer", pair.client);
}

static void after_own_shutdown(void) {
    struct pair pair = connected_pair(port(0));
    shutdown(pair.client, SHUT_RDWR);
    say_own_name("name", pair.client);
    say_peer_name("peer", pair.client);
}

// getsockname with room for `room` bytes: how many were written, and which length came back.
static void with_room(unsigned room) {
    unsigned char bytes[128];
    socklen_t length = room;
    memset(bytes, 0xee, sizeof(bytes));
    int result = getsockname(listener_at(port(0), 1), (struct sockaddr*)bytes, &length);
    unsigned written = 0;
    for (unsigned i = 0; i < sizeof(bytes); ++i)
        if (bytes[i] != 0xee)
            written = i + 1;
    say_call("getsockname", result);
    say("written=%u len=%u", written, (unsigned)length);
}
static void room_none(void) {
    with_room(0);
}
static void room_short(void) {
    with_room(8);
}
static void room_exact(void) {
    with_room(16);
}
static void room_unix(void) {
    with_room(sizeof(struct sockaddr_un));
}
static void room_storage(void) {
    with_room(128);
}
static void room_negative(void) {
    struct sockaddr_vm address;
    int length = -1;
    say_call("getsockname", syscall(SYS_getsockname, stream_socket(0), &address, &length));
}
static void bad_pointers(void) {
    struct sockaddr_vm address;
    socklen_t length = sizeof(address);
    int socket = stream_socket(0);
    say_call("address", syscall(SYS_getsockname, socket, (void*)8, &length));
    say_call("length", syscall(SYS_getsockname, socket, &address, (void*)8));
    say_call("null", syscall(SYS_getsockname, socket, NULL, &length));
}

static void accept_room(void) {
    int socket = listener_at(port(0), 4);
    for (int i = 0; i < 3; ++i)
        connect_to(stream_socket(0), place.self, port(0));
    static const unsigned rooms[] = {0, 8, 110};
    for (int i = 0; i < 3; ++i) {
        unsigned char bytes[128];
        socklen_t length = rooms[i];
        say("room=%u", rooms[i]);
        say_call("accept", accept(socket, (struct sockaddr*)bytes, &length) < 0 ? -1 : 0);
        say("len=%u", (unsigned)length);
    }
}

static void accept_bad_address(void) {
    int socket = listener_at(port(0), 4);
    socklen_t length = 16;
    connect_to(stream_socket(0), place.self, port(0));
    say_call("accept", syscall(SYS_accept4, socket, (void*)8, &length, 0));
    set_nonblocking(socket);
    say_call("again", accept(socket, NULL, NULL) < 0 ? -1 : 0);
}

static void recvfrom_address(void) {
    struct pair pair = connected_pair(port(0));
    struct sockaddr_vm address;
    socklen_t length = sizeof(address);
    char got[4];
    memset(&address, 0xee, sizeof(address));
    write(pair.client, "abc", 3);
    say_call("recvfrom",
             recvfrom(pair.accepted, got, sizeof(got), 0, (struct sockaddr*)&address, &length));
    say("len=%u address=%s", (unsigned)length,
        address.svm_family == 0xeeee ? "untouched" : "written");
}

static void recvmsg_address(void) {
    struct pair pair = connected_pair(port(0));
    struct sockaddr_vm address;
    char got[4], control[64];
    struct iovec part = {got, sizeof(got)};
    struct msghdr message = {.msg_name = &address,
                             .msg_namelen = sizeof(address),
                             .msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof(control)};
    memset(&address, 0xee, sizeof(address));
    write(pair.client, "abc", 3);
    say_call("recvmsg", recvmsg(pair.accepted, &message, 0));
    say("namelen=%u address=%s controllen=%u flags=%d", (unsigned)message.msg_namelen,
        address.svm_family == 0xeeee ? "untouched" : "written", (unsigned)message.msg_controllen,
        message.msg_flags);
}

static void sendto_connected(void) {
    struct pair pair = connected_pair(port(0));
    struct sockaddr_vm address = address_of(place.self, port(0));
    say_call("sendto", sendto(pair.client, "x", 1, MSG_NOSIGNAL, (struct sockaddr*)&address,
                              sizeof(address)));
}

static void sendto_unconnected(void) {
    listener_at(port(0), 1);
    struct sockaddr_vm address = address_of(place.self, port(0));
    say_call("sendto", sendto(stream_socket(0), "x", 1, MSG_NOSIGNAL, (struct sockaddr*)&address,
                              sizeof(address)));
}

static const struct row table[] = {
    {"name-unbound", KERNEL, "getsockname, getpeername of a fresh socket", unbound},
    {"name-listener", KERNEL, "the same of a listener", listener},
    {"name-client", KERNEL, "the same of a client that didn't bind", client},
    {"name-accepted", UNKNOWN, "the same of an accepted socket", accepted},
    {"name-ports-agree", KERNEL, "a client's own port and what the acceptor sees", agree},
    {"name-refused", KERNEL, "getsockname, getpeername after ECONNRESET", refused},
    {"name-after-peer-closed", KERNEL, "the same after the peer has closed", after_peer_closed},
    {"name-after-own-shutdown", KERNEL, "the same after shutdown(SHUT_RDWR)", after_own_shutdown},
    {"name-room-none", KERNEL, "getsockname with length 0", room_none},
    {"name-room-short", KERNEL, "getsockname with length 8", room_short},
    {"name-room-exact", KERNEL, "getsockname with length 16", room_exact},
    {"name-room-unix", KERNEL, "getsockname with length 110", room_unix},
    {"name-room-storage", KERNEL, "getsockname with length 128", room_storage},
    {"name-room-negative", KERNEL, "getsockname with length -1", room_negative},
    {"name-bad-pointers", KERNEL, "getsockname with bad pointers", bad_pointers},
    {"name-accept-room", KERNEL, "accept with lengths 0, 8 and 110", accept_room},
    {"name-accept-bad-address", KERNEL, "accept with a bad address pointer; accept again",
     accept_bad_address},
    {"name-recvfrom", KERNEL, "recvfrom with an address", recvfrom_address},
    {"name-recvmsg", KERNEL, "recvmsg with an address and room for control data", recvmsg_address},
    {"name-sendto-connected", KERNEL, "sendto with an address on a connected socket",
     sendto_connected},
    {"name-sendto-unconnected", KERNEL, "sendto with an address on a fresh socket",
     sendto_unconnected},
};
const struct rows name_rows = ROWS(table);
