// SPDX-License-Identifier: Apache-2.0

// What socket(2) makes, and what a socket says about itself.
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sockets.h"

static void made(int type, int protocol) {
    int made = socket(AF_VSOCK, type, protocol);
    if (made < 0)
        say_call("socket", made);
    else
        say("socket=ok");
}

static void say_option(const char* what, int socket, int option) {
    int value = -1;
    socklen_t length = sizeof(value);
    say_call(what, getsockopt(socket, SOL_SOCKET, option, &value, &length) == 0 ? value : -1);
}

static void stream(void) {
    int socket = stream_socket(0);
    say_option("SO_DOMAIN", socket, SO_DOMAIN);
    say_option("SO_TYPE", socket, SO_TYPE);
    say_option("SO_PROTOCOL", socket, SO_PROTOCOL);
    say_option("SO_ACCEPTCONN", socket, SO_ACCEPTCONN);
    say_option("SO_ERROR", socket, SO_ERROR);
}

static void listener(void) {
    int socket = listener_at(port(0), 1);
    say_option("SO_TYPE", socket, SO_TYPE);
    say_option("SO_ACCEPTCONN", socket, SO_ACCEPTCONN);
}

static void accepted(void) {
    struct pair pair = connected_pair(port(0));
    say_option("SO_DOMAIN", pair.accepted, SO_DOMAIN);
    say_option("SO_TYPE", pair.accepted, SO_TYPE);
    say_option("SO_PROTOCOL", pair.accepted, SO_PROTOCOL);
    say_option("SO_ACCEPTCONN", pair.accepted, SO_ACCEPTCONN);
}

static void say_flags(int socket) {
    int status = fcntl(socket, F_GETFL);
    say("O_NONBLOCK=%d FD_CLOEXEC=%d", (status & O_NONBLOCK) != 0,
        (fcntl(socket, F_GETFD) & FD_CLOEXEC) != 0);
}
static void flags_none(void) {
    say_flags(stream_socket(0));
}
static void flags_both(void) {
    say_flags(stream_socket(SOCK_NONBLOCK | SOCK_CLOEXEC));
}
static void flags_unknown(void) {
    made(SOCK_STREAM | 0x100, 0);
}
static void protocol_tcp(void) {
    made(SOCK_STREAM, IPPROTO_TCP);
}
static void protocol_own(void) {
    made(SOCK_STREAM, AF_VSOCK);
}
static void datagram(void) {
    made(SOCK_DGRAM, 0);
}
static void seqpacket(void) {
    made(SOCK_SEQPACKET, 0);
}
static void raw(void) {
    made(SOCK_RAW, 0);
}
static void type_zero(void) {
    made(0, 0);
}
static void pair_of(void) {
    int ends[2];
    say_call("socketpair", socketpair(AF_VSOCK, SOCK_STREAM, 0, ends));
}

static void file_type(void) {
    struct stat found;
    fstat(stream_socket(0), &found);
    say("fstat=%s mode=%o", S_ISSOCK(found.st_mode) ? "socket" : "other", found.st_mode & 07777);
}

static void seek_and_sync(void) {
    int socket = stream_socket(0);
    say_call("lseek", lseek(socket, 0, SEEK_CUR));
    say_call("fsync", fsync(socket));
    say_call("ftruncate", ftruncate(socket, 0));
}

static const struct row table[] = {
    {"socket-stream", KERNEL, "socket(SOCK_STREAM); getsockopt(SOL_SOCKET, ...)", stream},
    {"socket-listener", KERNEL, "the same of a listening socket", listener},
    {"socket-accepted", KERNEL, "the same of an accepted socket", accepted},
    {"socket-flags-none", KERNEL, "socket(SOCK_STREAM); fcntl", flags_none},
    {"socket-flags-both", KERNEL, "socket(SOCK_STREAM|SOCK_NONBLOCK|SOCK_CLOEXEC); fcntl",
     flags_both},
    {"socket-flags-unknown", KERNEL, "socket(SOCK_STREAM|0x100)", flags_unknown},
    {"socket-protocol-tcp", KERNEL, "socket(SOCK_STREAM, IPPROTO_TCP)", protocol_tcp},
    {"socket-protocol-vsock", KERNEL, "socket(SOCK_STREAM, PF_VSOCK)", protocol_own},
    {"socket-datagram", KERNEL, "socket(SOCK_DGRAM)", datagram},
    {"socket-seqpacket", KERNEL, "socket(SOCK_SEQPACKET)", seqpacket},
    {"socket-raw", KERNEL, "socket(SOCK_RAW)", raw},
    {"socket-type-zero", KERNEL, "socket(type 0)", type_zero},
    {"socket-pair", KERNEL, "socketpair(SOCK_STREAM)", pair_of},
    {"socket-file-type", KERNEL, "fstat", file_type},
    {"socket-not-a-file", KERNEL, "lseek, fsync, ftruncate", seek_and_sync},
};
const struct rows socket_rows = ROWS(table);
