// SPDX-License-Identifier: Apache-2.0

// Which addresses can be bound, by whom, and how often.
#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sockets.h"

// Gives up the effective capabilities, CAP_NET_BIND_SERVICE among them, as an ordinary user has
// none.
static void drop_capabilities(void) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];
    if (syscall(SYS_capget, &header, data) != 0)
        give_up("capget");
    data[0].effective = data[1].effective = 0;
    if (syscall(SYS_capset, &header, data) != 0)
        give_up("capset");
}

static void bound(unsigned cid, unsigned number) {
    int socket = stream_socket(0);
    int result = bind_to(socket, cid, number);
    say_call("bind", result);
    if (result == 0)
        say_own_name("name", socket);
}

static void any_any(void) {
    bound(ANY, ANY);
}
static void any_port(void) {
    bound(ANY, port(0));
}
static void self_port(void) {
    bound(place.self, port(0));
}
static void self_any(void) {
    bound(place.self, ANY);
}
static void local_port(void) {
    bound(VMADDR_CID_LOCAL, port(0));
}
static void hypervisor_port(void) {
    bound(VMADDR_CID_HYPERVISOR, port(0));
}
static void host_port(void) {
    bound(VMADDR_CID_HOST, port(0));
}
static void parent_port(void) {
    bound(3, port(0));
}
static void foreign_port(void) {
    bound(77, port(0));
}
static void highest_port(void) {
    bound(ANY, 0xfffffffe);
}
static void port_beyond_16_bits(void) {
    bound(ANY, 0x12345678);
}
static void port_zero_capable(void) {
    bound(ANY, 0);
}
static void port_1023_capable(void) {
    bound(ANY, 1023);
}
static void port_zero_ordinary(void) {
    drop_capabilities();
    bound(ANY, 0);
}
static void port_1023_ordinary(void) {
    drop_capabilities();
    bound(ANY, 1023);
}
static void port_1024_ordinary(void) {
    drop_capabilities();
    bound(ANY, 1024);
}

static void two_automatic(void) {
    struct sockaddr_vm names[2];
    for (int i = 0; i < 2; ++i) {
        int socket = stream_socket(0);
        socklen_t length = sizeof(names[i]);
        say_call("bind", bind_to(socket, ANY, ANY));
        getsockname(socket, (struct sockaddr*)&names[i], &length);
    }
    say("ports=%s", names[0].svm_port == names[1].svm_port ? "same" : "different");
}

static void second(unsigned first_cid, unsigned second_cid) {
    say_call("first", bind_to(stream_socket(0), first_cid, port(0)));
    say_call("second", bind_to(stream_socket(0), second_cid, port(0)));
}
static void taken_any_any(void) {
    second(ANY, ANY);
}
static void taken_self_self(void) {
    second(place.self, place.self);
}
static void taken_any_self(void) {
    second(ANY, place.self);
}
static void taken_self_any(void) {
    second(place.self, ANY);
}
static void taken_self_local(void) {
    second(place.self, VMADDR_CID_LOCAL);
}

static void taken_reuseaddr(void) {
    int on = 1;
    for (int i = 0; i < 2; ++i) {
        int socket = stream_socket(0);
        say_call("SO_REUSEADDR", setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)));
        say_call("bind", bind_to(socket, ANY, port(0)));
    }
}

static void taken_then_elsewhere(void) {
    listener_at(port(0), 1);
    int socket = stream_socket(0);
    say_call("taken", bind_to(socket, ANY, port(0)));
    say_call("elsewhere", bind_to(socket, ANY, port(1)));
}

static void after_close(void) {
    close(listener_at(port(0), 1));
    say_call("bind", bind_to(stream_socket(0), ANY, port(0)));
}

static void after_close_connected(void) {
    struct pair pair = connected_pair(port(0));
    close(pair.listener);
    int again = stream_socket(0);
    say_call("bind", bind_to(again, ANY, port(0)));
    say_call("listen", listen(again, 1));
}

static void after_close_of_connection(void) {
    struct pair pair = connected_pair(port(0));
    close(pair.client);
    close(pair.accepted);
    close(pair.listener);
    say_call("bind", bind_to(stream_socket(0), ANY, port(0)));
}

static void twice(void) {
    int socket = stream_socket(0);
    say_call("first", bind_to(socket, ANY, port(0)));
    say_call("second", bind_to(socket, ANY, port(1)));
}

static void twice_same(void) {
    int socket = stream_socket(0);
    say_call("first", bind_to(socket, ANY, port(0)));
    say_call("second", bind_to(socket, ANY, port(0)));
}

static void after_connect(void) {
    struct pair pair = connected_pair(port(0));
    say_call("bind", bind_to(pair.client, ANY, port(1)));
}

static void after_listen(void) {
    say_call("bind", bind_to(listener_at(port(0), 1), ANY, port(1)));
}

// bind(2) with an address that was tampered with.
static void odd(struct sockaddr_vm* address, socklen_t length) {
    int socket = stream_socket(0);
    union {
        struct sockaddr_vm address;
        char room[128];
    } given;
    memset(&given, 0, sizeof(given));
    given.address = *address;
    say_call("bind", bind(socket, (struct sockaddr*)&given, length));
}
static void length_zero(void) {
    struct sockaddr_vm address = address_of(ANY, port(0));
    odd(&address, 0);
}
static void length_short(void) {
    struct sockaddr_vm address = address_of(ANY, port(0));
    odd(&address, sizeof(address) - 1);
}
static void length_long(void) {
    struct sockaddr_vm address = address_of(ANY, port(0));
    odd(&address, 128);
}
static void length_too_long(void) {
    struct sockaddr_vm address = address_of(ANY, port(0));
    odd(&address, 129);
}
static void family_inet(void) {
    struct sockaddr_vm address = address_of(ANY, port(0));
    address.svm_family = AF_INET;
    odd(&address, sizeof(address));
}
static void family_unspecified(void) {
    struct sockaddr_vm address = address_of(ANY, port(0));
    address.svm_family = AF_UNSPEC;
    odd(&address, sizeof(address));
}
static void reserved_set(void) {
    struct sockaddr_vm address = address_of(ANY, port(0));
    address.svm_reserved1 = 1;
    memset(address.svm_zero, 0xff, sizeof(address.svm_zero));
    odd(&address, sizeof(address));
}
static void flag_to_host(void) {
    struct sockaddr_vm address = address_of(ANY, port(0));
    address.svm_flags = VMADDR_FLAG_TO_HOST;
    odd(&address, sizeof(address));
}
static void flag_unknown(void) {
    struct sockaddr_vm address = address_of(ANY, port(0));
    address.svm_flags = 0x80;
    odd(&address, sizeof(address));
}
static void address_null(void) {
    say_call("bind", syscall(SYS_bind, stream_socket(0), NULL, sizeof(struct sockaddr_vm)));
}

static void listen_unbound(void) {
    say_call("listen", listen(stream_socket(0), 1));
}
static void listen_twice(void) {
    int listener = listener_at(port(0), 1);
    say_call("listen", listen(listener, 5));
}
static void listen_connected(void) {
    struct pair pair = connected_pair(port(0));
    say_call("client", listen(pair.client, 1));
    say_call("accepted", listen(pair.accepted, 1));
}
static void listen_bound_to_self(void) {
    int listener = stream_socket(0), client = stream_socket(0);
    say_call("bind", bind_to(listener, place.self, port(0)));
    say_call("listen", listen(listener, 1));
    say_call("connect", connect_to(client, place.self, port(0)));
}
static void listen_bound_to_local(void) {
    int listener = stream_socket(0), client = stream_socket(0), other = stream_socket(0);
    say_call("bind", bind_to(listener, VMADDR_CID_LOCAL, port(0)));
    say_call("listen", listen(listener, 4));
    say_call("connect-local", connect_to(client, VMADDR_CID_LOCAL, port(0)));
    say_call("connect-self", connect_to(other, place.self, port(0)));
}

static const struct row table[] = {
    {"bind-any-any", KERNEL, "bind(any, any); getsockname", any_any},
    {"bind-any-port", KERNEL, "bind(any, port); getsockname", any_port},
    {"bind-self-port", KERNEL, "bind(own CID, port); getsockname", self_port},
    {"bind-self-any", KERNEL, "bind(own CID, any); getsockname", self_any},
    {"bind-local", UNKNOWN, "bind(CID 1)", local_port},
    {"bind-hypervisor", KERNEL, "bind(CID 0)", hypervisor_port},
    {"bind-host", KERNEL, "bind(CID 2)", host_port},
    {"bind-parent", KERNEL, "bind(CID 3), not being the parent", parent_port},
    {"bind-foreign", KERNEL, "bind(CID 77)", foreign_port},
    {"bind-port-highest", KERNEL, "bind(port 4294967294)", highest_port},
    {"bind-port-beyond-16-bits", KERNEL, "bind(port 305419896)", port_beyond_16_bits},
    {"bind-port-zero-capable", KERNEL, "bind(port 0) with CAP_NET_BIND_SERVICE", port_zero_capable},
    {"bind-port-1023-capable", KERNEL, "bind(port 1023) with it", port_1023_capable},
    {"bind-port-zero-ordinary", KERNEL, "bind(port 0) without it", port_zero_ordinary},
    {"bind-port-1023-ordinary", KERNEL, "bind(port 1023) without it", port_1023_ordinary},
    {"bind-port-1024-ordinary", KERNEL, "bind(port 1024) without it", port_1024_ordinary},
    {"bind-two-automatic", KERNEL, "two sockets bound to (any, any)", two_automatic},
    {"bind-taken-any-any", KERNEL, "two sockets bind(any, p)", taken_any_any},
    {"bind-taken-self-self", KERNEL, "two sockets bind(own CID, p)", taken_self_self},
    {"bind-taken-any-self", KERNEL, "bind(any, p), then another bind(own CID, p)", taken_any_self},
    {"bind-taken-self-any", KERNEL, "bind(own CID, p), then another bind(any, p)", taken_self_any},
    {"bind-taken-self-local", UNKNOWN, "bind(own CID, p), then another bind(CID 1, p)",
     taken_self_local},
    {"bind-taken-reuseaddr", KERNEL, "two sockets bind(any, p), both with SO_REUSEADDR",
     taken_reuseaddr},
    {"bind-taken-then-elsewhere", KERNEL, "after EADDRINUSE, bind another port",
     taken_then_elsewhere},
    {"bind-after-close", KERNEL, "close a listener; bind its port again", after_close},
    {"bind-after-close-connected", KERNEL, "the same while an accepted connection lives",
     after_close_connected},
    {"bind-after-close-of-connection", KERNEL, "the same after the connection was closed too",
     after_close_of_connection},
    {"bind-twice", KERNEL, "bind one socket to two ports", twice},
    {"bind-twice-same", KERNEL, "bind one socket to its own port again", twice_same},
    {"bind-after-connect", KERNEL, "connect; bind", after_connect},
    {"bind-after-listen", KERNEL, "listen; bind", after_listen},
    {"bind-length-zero", KERNEL, "bind with address length 0", length_zero},
    {"bind-length-short", KERNEL, "bind with address length 15", length_short},
    {"bind-length-long", KERNEL, "bind with address length 128", length_long},
    {"bind-length-too-long", KERNEL, "bind with address length 129", length_too_long},
    {"bind-family-inet", KERNEL, "bind with svm_family AF_INET", family_inet},
    {"bind-family-unspecified", KERNEL, "bind with svm_family AF_UNSPEC", family_unspecified},
    {"bind-reserved-set", KERNEL, "bind with svm_reserved1 and svm_zero set", reserved_set},
    {"bind-flag-to-host", KERNEL, "bind with VMADDR_FLAG_TO_HOST", flag_to_host},
    {"bind-flag-unknown", KERNEL, "bind with svm_flags 0x80", flag_unknown},
    {"bind-address-null", KERNEL, "bind with a null address", address_null},
    {"listen-unbound", KERNEL, "listen without bind", listen_unbound},
    {"listen-twice", KERNEL, "listen; listen", listen_twice},
    {"listen-connected", KERNEL, "listen on connected sockets", listen_connected},
    {"listen-bound-to-self", KERNEL, "listen on (own CID, p); connect to it", listen_bound_to_self},
    {"listen-bound-to-local", UNKNOWN, "listen on (1, p); connect to CID 1 and to the own CID",
     listen_bound_to_local},
};
const struct rows bind_rows = ROWS(table);
