// SPDX-License-Identifier: Apache-2.0

// Where connect(2) leads, and what it says where it doesn't.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sockets.h"

static void set_timeout(int socket, int milliseconds) {
    struct timeval limit = {milliseconds / 1000, milliseconds % 1000 * 1000};
    setsockopt(socket, AF_VSOCK, SO_VM_SOCKETS_CONNECT_TIMEOUT, &limit, sizeof(limit));
}

static void nobody_at(unsigned cid) {
    say_call("connect", connect_to(stream_socket(0), cid, port(0)));
}
static void nobody_self(void) {
    nobody_at(place.self);
}
static void nobody_hypervisor(void) {
    nobody_at(VMADDR_CID_HYPERVISOR);
}
static void nobody_local(void) {
    nobody_at(VMADDR_CID_LOCAL);
}
static void nobody_host(void) {
    nobody_at(VMADDR_CID_HOST);
}
static void nobody_parent(void) {
    nobody_at(3);
}
static void nobody_neighbour(void) {
    nobody_at(17);
}
static void nobody_absent(void) {
    nobody_at(77);
}
static void nobody_any(void) {
    nobody_at(ANY);
}
static void nobody_beyond_32_bits(void) {
    nobody_at(0xfffffffe);
}
static void port_any(void) {
    say_call("connect", connect_to(stream_socket(0), place.self, ANY));
}
static void to_host_flag(void) {
    struct sockaddr_vm address = address_of(77, port(0));
    address.svm_flags = VMADDR_FLAG_TO_HOST;
    say_call("connect", connect(stream_socket(0), (struct sockaddr*)&address, sizeof(address)));
}
static void bound_not_listening(void) {
    int bound = stream_socket(0);
    bind_to(bound, ANY, port(0));
    say_call("connect", connect_to(stream_socket(0), place.self, port(0)));
}

static void own_listener(unsigned cid) {
    int listener = listener_at(port(0), 4), client = stream_socket(0);
    int result = connect_to(client, cid, port(0));
    say_call("connect", result);
    if (result != 0)
        return;
    say_peer_name("client-sees", client);
    struct sockaddr_vm peer;
    socklen_t length = sizeof(peer);
    accept(listener, (struct sockaddr*)&peer, &length);
    say_address("acceptor-sees", &peer, length);
}
static void listening_self(void) {
    own_listener(place.self);
}
static void listening_local(void) {
    own_listener(VMADDR_CID_LOCAL);
}
static void listening_host(void) {
    own_listener(VMADDR_CID_HOST);
}
static void listening_any(void) {
    own_listener(ANY);
}

static void before_accept(void) {
    int listener = listener_at(port(0), 4), client = stream_socket(0);
    char got[3];
    say_call("connect", connect_to(client, place.self, port(0)));
    say_call("write", write(client, "abc", 3));
    int accepted = accept(listener, NULL, NULL);
    say_call("read", read(accepted, got, sizeof(got)));
}

static void bound_client(void) {
    int listener = listener_at(port(0), 4), client = stream_socket(0);
    say_call("bind", bind_to(client, ANY, port(1)));
    say_call("connect", connect_to(client, place.self, port(0)));
    struct sockaddr_vm peer;
    socklen_t length = sizeof(peer);
    accept(listener, (struct sockaddr*)&peer, &length);
    say("acceptor-sees-port=p%u", peer.svm_port - port(0));
    say_own_name("client-is", client);
}

static void two_from_one_port(void) {
    listener_at(port(0), 4);
    listener_at(port(1), 4);
    int first = stream_socket(0), second = stream_socket(0);
    say_call("bind-first", bind_to(first, ANY, port(2)));
    say_call("connect", connect_to(first, place.self, port(0)));
    say_call("bind-second", bind_to(second, ANY, port(2)));
}

static void twice(void) {
    struct pair pair = connected_pair(port(0));
    say_call("again", connect_to(pair.client, place.self, port(0)));
    say_call("accepted", connect_to(pair.accepted, place.self, port(0)));
}

static void on_listener(void) {
    say_call("connect", connect_to(listener_at(port(0), 1), place.self, port(0)));
}

static void after_refusal(void) {
    int client = stream_socket(0);
    say_call("first", connect_to(client, place.self, port(0)));
    say_call("second", connect_to(client, place.self, port(0)));
    listener_at(port(0), 1);
    say_call("listening", connect_to(client, place.self, port(0)));
}

static void after_peer_closed(void) {
    struct pair pair = connected_pair(port(0));
    close(pair.accepted);
    settle();
    say_call("connect", connect_to(pair.client, place.self, port(0)));
}

static void to_unspecified(void) {
    struct pair pair = connected_pair(port(0));
    struct sockaddr_vm address = address_of(place.self, port(0));
    address.svm_family = AF_UNSPEC;
    say_call("connected", connect(pair.client, (struct sockaddr*)&address, sizeof(address)));
    say_call("unconnected", connect(stream_socket(0), (struct sockaddr*)&address, sizeof(address)));
}

static void odd(socklen_t length, unsigned short family, unsigned char flags) {
    listener_at(port(0), 1);
    union {
        struct sockaddr_vm address;
        char room[128];
    } given;
    memset(&given, 0, sizeof(given));
    given.address = address_of(place.self, port(0));
    given.address.svm_family = family;
    given.address.svm_flags = flags;
    say_call("connect", connect(stream_socket(0), (struct sockaddr*)&given, length));
}
static void length_short(void) {
    odd(sizeof(struct sockaddr_vm) - 1, AF_VSOCK, 0);
}
static void length_long(void) {
    odd(128, AF_VSOCK, 0);
}
static void family_inet(void) {
    odd(sizeof(struct sockaddr_vm), AF_INET, 0);
}
static void flag_unknown(void) {
    odd(sizeof(struct sockaddr_vm), AF_VSOCK, 0x80);
}

static void nonblocking(void) {
    listener_at(port(0), 1);
    int client = stream_socket(SOCK_NONBLOCK);
    int error = -1;
    socklen_t length = sizeof(error);
    say_call("connect", connect_to(client, place.self, port(0)));
    settle();
    say_poll("poll", client);
    getsockopt(client, SOL_SOCKET, SO_ERROR, &error, &length);
    say_errno("SO_ERROR", error);
    say_call("again", connect_to(client, place.self, port(0)));
    say_peer_name("peer", client);
}

static void nonblocking_refused(void) {
    int client = stream_socket(SOCK_NONBLOCK);
    int error = -1;
    socklen_t length = sizeof(error);
    say_call("connect", connect_to(client, place.self, port(0)));
    settle();
    say_poll("poll", client);
    getsockopt(client, SOL_SOCKET, SO_ERROR, &error, &length);
    say_errno("SO_ERROR", error);
    getsockopt(client, SOL_SOCKET, SO_ERROR, &error, &length);
    say_errno("SO_ERROR-again", error);
    say_poll("poll", client);
    say_call("write", send(client, "x", 1, MSG_NOSIGNAL));
}

static void nonblocking_refused_again(void) {
    int client = stream_socket(SOCK_NONBLOCK);
    say_call("connect", connect_to(client, place.self, port(0)));
    settle();
    say_call("again", connect_to(client, place.self, port(0)));
}

static void nonblocking_no_transport(void) {
    int client = stream_socket(SOCK_NONBLOCK);
    int result = connect_to(client, ANY, port(0));
    bool waits = result != 0 && errno == EINPROGRESS;
    say_call("connect", result);
    if (waits)
        wait_for(client, POLLERR);
    say_poll("poll", client);
}

static void seqpacket(void) {
    int listener = socket(AF_VSOCK, SOCK_SEQPACKET, 0),
        client = socket(AF_VSOCK, SOCK_SEQPACKET, 0);
    char got[8];
    say_call("bind", bind_to(listener, ANY, port(0)));
    say_call("listen", listen(listener, 1));
    int result = connect_to(client, place.self, port(0));
    say_call("connect", result);
    if (result != 0)
        return;
    int accepted = accept(listener, NULL, NULL);
    write(client, "ab", 2);
    write(client, "cde", 3);
    say_call("first-read", read(accepted, got, sizeof(got)));
    say_call("second-read", read(accepted, got, sizeof(got)));
}

static void seqpacket_to_stream(void) {
    listener_at(port(0), 1);
    say_call("connect", connect_to(socket(AF_VSOCK, SOCK_SEQPACKET, 0), place.self, port(0)));
}

// A CID from which no answer ever comes: only a timer ends a connect. Where nothing leads to it (a
// lone guest) the answer comes at once.
static void silent(void) {
    int socket = stream_socket(0);
    set_timeout(socket, 300);
    say_call("connect", connect_to(socket, place.silent_cid, port(0)));
    say_call("self", connect_to(socket, place.self, port(0)));
}

static void silent_default_timeout(void) {
    struct timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    say_call("connect", connect_to(plain_socket(0), place.silent_cid, port(0)));
    clock_gettime(CLOCK_MONOTONIC, &end);
    double seconds =
        (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9;
    say("waited=%s", seconds < 1.9 ? "less" : "2-seconds");  // or more: this machine may be busy
}

static void silent_nonblocking(void) {
    int socket = stream_socket(SOCK_NONBLOCK), error = -1;
    socklen_t length = sizeof(error);
    set_timeout(socket, 3000);  // all but the last must come before
    int result = connect_to(socket, place.silent_cid, port(0));
    bool waits = result != 0 && errno == EINPROGRESS;
    say_call("connect", result);
    say_poll("poll", socket);
    say_call("again", connect_to(socket, place.silent_cid, port(0)));
    say_call("send", send(socket, "x", 1, MSG_NOSIGNAL));
    if (waits)
        wait_for(socket, POLLERR);
    say_poll("later", socket);
    getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &length);
    say_errno("SO_ERROR", error);
}

static void on_signal(int number) {
    (void)number;
}

static void silent_interrupted(int flags) {
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = flags};
    sigaction(SIGUSR1, &action, NULL);
    int socket = stream_socket(0);
    pid_t parent = getpid(), child = fork();
    if (child == 0) {
        wait_until_asleep(parent);
        kill(parent, SIGUSR1);
        _exit(0);
    }
    say_call("connect", connect_to(socket, place.silent_cid, port(0)));
    kill(child, SIGKILL);  // where nothing had to be waited for, no signal may come any more
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
        ;
    say_call("self", connect_to(socket, place.self, port(0)));
}
static void silent_interrupted_plain(void) {
    silent_interrupted(0);
}
static void silent_interrupted_restart(void) {
    silent_interrupted(SA_RESTART);
}

static const struct row table[] = {
    {"connect-nobody", KERNEL, "connect(own CID) where nobody listens", nobody_self},
    {"connect-nobody-local", UNKNOWN, "connect(CID 1) where nobody listens", nobody_local},
    {"connect-bound-not-listening", KERNEL, "connect to a port that is bound but not listening",
     bound_not_listening},
    {"connect-hypervisor", SWITCH, "connect(CID 0)", nobody_hypervisor},
    {"connect-host", SWITCH, "connect(CID 2) where nobody listens", nobody_host},
    {"connect-parent", SWITCH, "connect(CID 3) where nobody listens", nobody_parent},
    {"connect-neighbour", SWITCH, "connect(CID 17)", nobody_neighbour},
    {"connect-absent", SWITCH, "connect(CID 77)", nobody_absent},
    {"connect-absent-highest", SWITCH, "connect(CID 4294967294)", nobody_beyond_32_bits},
    {"connect-any", SWITCH, "connect(CID any)", nobody_any},
    {"connect-port-any", KERNEL, "connect(own CID, port any)", port_any},
    {"connect-flag-to-host", SWITCH, "connect(CID 77) with VMADDR_FLAG_TO_HOST", to_host_flag},
    {"connect-silent", SWITCH, "CONNECT_TIMEOUT 300 ms; connect to a silent CID, then to the own",
     silent},
    {"connect-silent-default", SWITCH, "connect to a silent CID with the default timeout",
     silent_default_timeout},
    {"connect-silent-nonblocking", SWITCH,
     "CONNECT_TIMEOUT 3 s, non-blocking; poll, connect again, send; poll, SO_ERROR",
     silent_nonblocking},
    {"connect-silent-interrupted", SWITCH, "a signal caught during it; connect to the own CID",
     silent_interrupted_plain},
    {"connect-silent-restarted", SWITCH, "the same with SA_RESTART", silent_interrupted_restart},
    {"connect-listening-self", UNKNOWN, "connect(own CID) to an own listener; both peers' names",
     listening_self},
    {"connect-listening-local", UNKNOWN, "connect(CID 1) to an own listener; both peers' names",
     listening_local},
    {"connect-listening-host", SWITCH, "connect(CID 2) to an own listener", listening_host},
    {"connect-listening-any", SWITCH, "connect(CID any) to an own listener", listening_any},
    {"connect-before-accept", KERNEL, "connect and write; only then accept and read",
     before_accept},
    {"connect-bound-client", KERNEL, "bind, then connect; both names", bound_client},
    {"connect-two-from-one-port", KERNEL, "a second socket binds a connected client's port",
     two_from_one_port},
    {"connect-twice", KERNEL, "connect a connected and an accepted socket", twice},
    {"connect-on-listener", KERNEL, "connect a listening socket", on_listener},
    {"connect-after-refusal", KERNEL, "connect again after ECONNRESET, then when somebody listens",
     after_refusal},
    {"connect-after-peer-closed", KERNEL, "connect again after the peer has closed",
     after_peer_closed},
    {"connect-unspecified", KERNEL, "connect with AF_UNSPEC", to_unspecified},
    {"connect-length-short", KERNEL, "connect with address length 15", length_short},
    {"connect-length-long", KERNEL, "connect with address length 128", length_long},
    {"connect-family-inet", KERNEL, "connect with svm_family AF_INET", family_inet},
    {"connect-flag-unknown", KERNEL, "connect with svm_flags 0x80", flag_unknown},
    {"connect-nonblocking", KERNEL, "non-blocking connect; poll; SO_ERROR; connect again",
     nonblocking},
    {"connect-nonblocking-refused", KERNEL, "the same where nobody listens", nonblocking_refused},
    {"connect-nonblocking-refused-again", KERNEL, "the same; connect again without SO_ERROR",
     nonblocking_refused_again},
    {"connect-nonblocking-any", SWITCH, "non-blocking connect(CID any); poll",
     nonblocking_no_transport},
    {"connect-seqpacket", UNKNOWN, "SOCK_SEQPACKET: connect, two writes, two reads", seqpacket},
    {"connect-seqpacket-to-stream", UNKNOWN, "SOCK_SEQPACKET to a stream listener",
     seqpacket_to_stream},
};
const struct rows connect_rows = ROWS(table);
