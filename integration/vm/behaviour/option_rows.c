// SPDX-License-Identifier: Apache-2.0

// setsockopt and getsockopt, at AF_VSOCK's own level and at SOL_SOCKET.
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "sockets.h"

static void say_size(const char* what, int socket, int option) {
    uint64_t value = 0;
    socklen_t length = sizeof(value);
    if (getsockopt(socket, AF_VSOCK, option, &value, &length) != 0)
        say_call(what, -1);
    else
        say("%s=%llu len=%u", what, (unsigned long long)value, (unsigned)length);
}

static void set_size(const char* what, int socket, int option, uint64_t value) {
    say_call(what, setsockopt(socket, AF_VSOCK, option, &value, sizeof(value)));
}

static void say_sizes(int socket) {
    say_size("size", socket, SO_VM_SOCKETS_BUFFER_SIZE);
    say_size("min", socket, SO_VM_SOCKETS_BUFFER_MIN_SIZE);
    say_size("max", socket, SO_VM_SOCKETS_BUFFER_MAX_SIZE);
}

static void buffer_defaults(void) {
    say_sizes(stream_socket(0));
}
static void buffer_set(void) {
    int socket = stream_socket(0);
    set_size("set", socket, SO_VM_SOCKETS_BUFFER_SIZE, 65536);
    say_sizes(socket);
}
static void buffer_above_max(void) {
    int socket = stream_socket(0);
    set_size("set", socket, SO_VM_SOCKETS_BUFFER_SIZE, 1 << 20);
    say_sizes(socket);
}
static void buffer_below_min(void) {
    int socket = stream_socket(0);
    set_size("set", socket, SO_VM_SOCKETS_BUFFER_SIZE, 1);
    say_sizes(socket);
}
static void buffer_max_raised(void) {
    int socket = stream_socket(0);
    set_size("set-max", socket, SO_VM_SOCKETS_BUFFER_MAX_SIZE, 1 << 20);
    set_size("set", socket, SO_VM_SOCKETS_BUFFER_SIZE, 1 << 20);
    say_sizes(socket);
}
static void buffer_max_lowered(void) {
    int socket = stream_socket(0);
    set_size("set-max", socket, SO_VM_SOCKETS_BUFFER_MAX_SIZE, 4096);
    say_sizes(socket);
}
static void buffer_min_raised(void) {
    int socket = stream_socket(0);
    set_size("set-min", socket, SO_VM_SOCKETS_BUFFER_MIN_SIZE, 1 << 19);
    say_sizes(socket);
}
static void buffer_connected(void) {
    struct pair pair = connected_pair(port(0));
    set_size("set", pair.client, SO_VM_SOCKETS_BUFFER_SIZE, 8192);
    say_size("client", pair.client, SO_VM_SOCKETS_BUFFER_SIZE);
    say_size("accepted", pair.accepted, SO_VM_SOCKETS_BUFFER_SIZE);
}
static void buffer_inherited(void) {
    int listener = listener_at(port(0), 1);
    set_size("set", listener, SO_VM_SOCKETS_BUFFER_SIZE, 8192);
    connect_to(stream_socket(0), place.self, port(0));
    say_size("accepted", accept(listener, NULL, NULL), SO_VM_SOCKETS_BUFFER_SIZE);
}
static void buffer_lengths(void) {
    int socket = stream_socket(0);
    uint64_t values[2] = {4096, 0};
    socklen_t length;
    say_call("set-4", setsockopt(socket, AF_VSOCK, SO_VM_SOCKETS_BUFFER_SIZE, values, 4));
    say_call("set-16", setsockopt(socket, AF_VSOCK, SO_VM_SOCKETS_BUFFER_SIZE, values, 16));
    length = 4;
    say_call("get-4", getsockopt(socket, AF_VSOCK, SO_VM_SOCKETS_BUFFER_SIZE, values, &length));
    length = 16;
    say_call("get-16", getsockopt(socket, AF_VSOCK, SO_VM_SOCKETS_BUFFER_SIZE, values, &length));
    say("len=%u", (unsigned)length);
    say_call("set-null", setsockopt(socket, AF_VSOCK, SO_VM_SOCKETS_BUFFER_SIZE, NULL, 8));
}

static void say_timeout(const char* what, int socket, int option) {
    struct timeval value = {-1, -1};
    socklen_t length = sizeof(value);
    if (getsockopt(socket, AF_VSOCK, option, &value, &length) != 0)
        say_call(what, -1);
    else
        say("%s=%ld.%06lds len=%u", what, (long)value.tv_sec, (long)value.tv_usec,
            (unsigned)length);
}

static void set_timeout(const char* what, int socket, int option, long seconds, long micros) {
    struct timeval value = {seconds, micros};
    say_call(what, setsockopt(socket, AF_VSOCK, option, &value, sizeof(value)));
}

// The kernel header gives SO_VM_SOCKETS_CONNECT_TIMEOUT two numbers, for two sizes of time_t.
static void timeout_default(void) {
    int socket = plain_socket(0);
    say_timeout("old", socket, SO_VM_SOCKETS_CONNECT_TIMEOUT_OLD);
    say_timeout("new", socket, SO_VM_SOCKETS_CONNECT_TIMEOUT_NEW);
}
static void timeout_set(void) {
    int socket = stream_socket(0);
    set_timeout("set", socket, SO_VM_SOCKETS_CONNECT_TIMEOUT_OLD, 5, 500000);
    say_timeout("old", socket, SO_VM_SOCKETS_CONNECT_TIMEOUT_OLD);
    set_timeout("set-new", socket, SO_VM_SOCKETS_CONNECT_TIMEOUT_NEW, 7, 0);
    say_timeout("new", socket, SO_VM_SOCKETS_CONNECT_TIMEOUT_NEW);
}
static void timeout_zero(void) {
    int socket = stream_socket(0);
    set_timeout("set", socket, SO_VM_SOCKETS_CONNECT_TIMEOUT, 5, 0);
    set_timeout("zero", socket, SO_VM_SOCKETS_CONNECT_TIMEOUT, 0, 0);
    say_timeout("get", socket, SO_VM_SOCKETS_CONNECT_TIMEOUT);
}
static void timeout_odd(void) {
    int socket = plain_socket(0);
    set_timeout("negative", socket, SO_VM_SOCKETS_CONNECT_TIMEOUT, -1, 0);
    set_timeout("million-microseconds", socket, SO_VM_SOCKETS_CONNECT_TIMEOUT, 1, 1000000);
    set_timeout("huge", socket, SO_VM_SOCKETS_CONNECT_TIMEOUT, 0x7fffffffffffffffL, 0);
    struct timeval value = {1, 0};
    say_call("length-8", setsockopt(socket, AF_VSOCK, SO_VM_SOCKETS_CONNECT_TIMEOUT, &value, 8));
    say_timeout("get", socket, SO_VM_SOCKETS_CONNECT_TIMEOUT);
}

static void say_other(const char* what, int option) {
    struct pair pair = connected_pair(port(0));
    uint64_t value = 1;
    socklen_t length = sizeof(value);
    char name[48];
    strcpy(name, "get-");
    strcat(name, what);
    say_call(name, getsockopt(pair.client, AF_VSOCK, option, &value, &length));
    strcpy(name, "set-");
    strcat(name, what);
    say_call(name, setsockopt(pair.client, AF_VSOCK, option, &value, sizeof(value)));
}
static void peer_host_vm_id(void) {
    say_other("PEER_HOST_VM_ID", SO_VM_SOCKETS_PEER_HOST_VM_ID);
}
static void trusted(void) {
    say_other("TRUSTED", SO_VM_SOCKETS_TRUSTED);
}
static void nonblock_txrx(void) {
    say_other("NONBLOCK_TXRX", SO_VM_SOCKETS_NONBLOCK_TXRX);
}
static void unknown(void) {
    say_other("99", 99);
}

static void foreign_levels(void) {
    int socket = stream_socket(0), value = 1;
    socklen_t length = sizeof(value);
    say_call("set-TCP_NODELAY",
             setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &value, sizeof(value)));
    say_call("get-TCP_NODELAY", getsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &value, &length));
    say_call("set-IPPROTO_IP", setsockopt(socket, IPPROTO_IP, 1, &value, sizeof(value)));
}

static void say_int(const char* what, int socket, int option) {
    int value = -1;
    socklen_t length = sizeof(value);
    if (getsockopt(socket, SOL_SOCKET, option, &value, &length) != 0)
        say_call(what, -1);
    else
        say("%s=%d", what, value);
}
static void set_int(const char* what, int socket, int option, int value) {
    say_call(what, setsockopt(socket, SOL_SOCKET, option, &value, sizeof(value)));
}

static void switches(void) {
    int socket = stream_socket(0);
    set_int("set-REUSEADDR", socket, SO_REUSEADDR, 1);
    say_int("REUSEADDR", socket, SO_REUSEADDR);
    set_int("set-REUSEPORT", socket, SO_REUSEPORT, 1);
    say_int("REUSEPORT", socket, SO_REUSEPORT);
    set_int("set-KEEPALIVE", socket, SO_KEEPALIVE, 1);
    say_int("KEEPALIVE", socket, SO_KEEPALIVE);
}

static void kernel_buffers(void) {
    int socket = stream_socket(0);
    set_int("set-RCVBUF", socket, SO_RCVBUF, 65536);
    say_int("RCVBUF", socket, SO_RCVBUF);
    set_int("set-SNDBUF", socket, SO_SNDBUF, 65536);
    say_int("SNDBUF", socket, SO_SNDBUF);
}

static void low_water(void) {
    int socket = stream_socket(0);
    say_int("RCVLOWAT", socket, SO_RCVLOWAT);
    set_int("set-RCVLOWAT", socket, SO_RCVLOWAT, 100);
    say_int("RCVLOWAT", socket, SO_RCVLOWAT);
}

static void linger(void) {
    int socket = stream_socket(0);
    struct linger value = {1, 5};
    socklen_t length = sizeof(value);
    say_call("set", setsockopt(socket, SOL_SOCKET, SO_LINGER, &value, sizeof(value)));
    memset(&value, 0, sizeof(value));
    say_call("get", getsockopt(socket, SOL_SOCKET, SO_LINGER, &value, &length));
    say("onoff=%d linger=%d", value.l_onoff, value.l_linger);
}

static void credentials(void) {
    struct pair pair = connected_pair(port(0));
    struct ucred peer;
    socklen_t length = sizeof(peer);
    int result = getsockopt(pair.accepted, SOL_SOCKET, SO_PEERCRED, &peer, &length);
    say_call("SO_PEERCRED", result);
    if (result == 0)
        say("pid=%s uid=%d gid=%d", peer.pid == 0 ? "0" : "given", (int)peer.uid, (int)peer.gid);
    set_int("set-PASSCRED", pair.accepted, SO_PASSCRED, 1);
    say_int("PASSCRED", pair.accepted, SO_PASSCRED);
}

static void zero_copy_and_peek(void) {
    int socket = stream_socket(0);
    set_int("set-ZEROCOPY", socket, SO_ZEROCOPY, 1);
    set_int("set-PEEK_OFF", socket, SO_PEEK_OFF, 1);
    say_int("PEEK_OFF", socket, SO_PEEK_OFF);
    set_int("set-BUSY_POLL", socket, SO_BUSY_POLL, 0);
}

static void cookie(void) {
    uint64_t first = 0, second = 0;
    socklen_t length = sizeof(first);
    int one = stream_socket(0), two = stream_socket(0);
    say_call("get", getsockopt(one, SOL_SOCKET, SO_COOKIE, &first, &length));
    getsockopt(two, SOL_SOCKET, SO_COOKIE, &second, &length);
    say("cookies=%s", first == second ? "same" : "different");
}

static void bind_to_device(void) {
    say_call("set", setsockopt(stream_socket(0), SOL_SOCKET, SO_BINDTODEVICE, "lo", 3));
}

static const struct row table[] = {
    {"option-buffer-defaults", KERNEL, "SO_VM_SOCKETS_BUFFER_{,MIN_,MAX_}SIZE of a fresh socket",
     buffer_defaults},
    {"option-buffer-set", KERNEL, "BUFFER_SIZE 65536", buffer_set},
    {"option-buffer-above-max", KERNEL, "BUFFER_SIZE 1 MiB", buffer_above_max},
    {"option-buffer-below-min", KERNEL, "BUFFER_SIZE 1", buffer_below_min},
    {"option-buffer-max-raised", KERNEL, "BUFFER_MAX_SIZE 1 MiB, BUFFER_SIZE 1 MiB",
     buffer_max_raised},
    {"option-buffer-max-lowered", KERNEL, "BUFFER_MAX_SIZE 4096", buffer_max_lowered},
    {"option-buffer-min-raised", KERNEL, "BUFFER_MIN_SIZE 512 KiB", buffer_min_raised},
    {"option-buffer-connected", KERNEL, "BUFFER_SIZE on a connected client", buffer_connected},
    {"option-buffer-inherited", KERNEL, "BUFFER_SIZE on a listener; of the accepted socket",
     buffer_inherited},
    {"option-buffer-lengths", KERNEL, "BUFFER_SIZE with lengths 4 and 16, and null",
     buffer_lengths},
    {"option-timeout-default", KERNEL,
     "SO_VM_SOCKETS_CONNECT_TIMEOUT of a fresh socket, both numbers", timeout_default},
    {"option-timeout-set", KERNEL, "CONNECT_TIMEOUT 5.5 s and 7 s", timeout_set},
    {"option-timeout-zero", KERNEL, "CONNECT_TIMEOUT 5 s, then 0", timeout_zero},
    {"option-timeout-odd", KERNEL, "CONNECT_TIMEOUT negative, a million us, huge, short",
     timeout_odd},
    {"option-peer-host-vm-id", KERNEL, "SO_VM_SOCKETS_PEER_HOST_VM_ID", peer_host_vm_id},
    {"option-trusted", KERNEL, "SO_VM_SOCKETS_TRUSTED", trusted},
    {"option-nonblock-txrx", KERNEL, "SO_VM_SOCKETS_NONBLOCK_TXRX", nonblock_txrx},
    {"option-unknown", KERNEL, "option 99 at AF_VSOCK's level", unknown},
    {"option-foreign-levels", KERNEL, "TCP_NODELAY, IPPROTO_IP", foreign_levels},
    {"option-switches", KERNEL, "SO_REUSEADDR, SO_REUSEPORT, SO_KEEPALIVE", switches},
    {"option-kernel-buffers", KERNEL, "SO_RCVBUF, SO_SNDBUF 65536", kernel_buffers},
    {"option-low-water", KERNEL, "SO_RCVLOWAT", low_water},
    {"option-linger", KERNEL, "SO_LINGER", linger},
    {"option-credentials", KERNEL, "SO_PEERCRED, SO_PASSCRED", credentials},
    {"option-zero-copy", KERNEL, "SO_ZEROCOPY, SO_PEEK_OFF, SO_BUSY_POLL", zero_copy_and_peek},
    {"option-cookie", KERNEL, "SO_COOKIE of two sockets", cookie},
    {"option-bind-to-device", KERNEL, "SO_BINDTODEVICE lo", bind_to_device},
};
const struct rows option_rows = ROWS(table);
