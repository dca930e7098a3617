// SPDX-License-Identifier: Apache-2.0

#include "sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct sockaddr_vm address_of(unsigned cid, unsigned port) {
    struct sockaddr_vm address;
    memset(&address, 0, sizeof(address));
    address.svm_family = AF_VSOCK;
    address.svm_cid = cid;
    address.svm_port = port;
    return address;
}

int plain_socket(int flags) {
    int made = socket(AF_VSOCK, SOCK_STREAM | flags, 0);
    if (made < 0)
        give_up("socket");
    return made;
}

int stream_socket(int flags) {
    int made = plain_socket(flags);
    struct timeval patience = {.tv_sec = patience_milliseconds / 1000};
    setsockopt(made, AF_VSOCK, SO_VM_SOCKETS_CONNECT_TIMEOUT, &patience, sizeof(patience));
    return made;
}

int bind_to(int socket, unsigned cid, unsigned port) {
    struct sockaddr_vm address = address_of(cid, port);
    return bind(socket, (struct sockaddr*)&address, sizeof(address));
}

int connect_to(int socket, unsigned cid, unsigned port) {
    struct sockaddr_vm address = address_of(cid, port);
    return connect(socket, (struct sockaddr*)&address, sizeof(address));
}

int listener_at(unsigned port, int backlog) {
    int listener = stream_socket(0);
    if (bind_to(listener, ANY, port) != 0)
        give_up("bind");
    if (listen(listener, backlog) != 0)
        give_up("listen");
    return listener;
}

struct pair connected_pair(unsigned port) {
    struct pair pair = {.listener = listener_at(port, 8), .client = stream_socket(0)};
    if (connect_to(pair.client, place.self, port) != 0)
        give_up("connect");
    pair.accepted = accept(pair.listener, NULL, NULL);
    if (pair.accepted < 0)
        give_up("accept");
    return pair;
}

short wait_for(int descriptor, short events) {
    struct pollfd polled = {.fd = descriptor, .events = events};
    poll(&polled, 1, patience_milliseconds);
    return polled.revents;
}

long read_all(int descriptor, char* to, size_t size) {
    size_t done = 0;
    while (done < size) {
        ssize_t got = read(descriptor, to + done, size - done);
        if (got < 0 && done == 0)
            return -1;
        if (got <= 0)
            break;
        done += (size_t)got;
    }
    return (long)done;
}

void set_nonblocking(int descriptor) {
    fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK);
}

void settle(void) {
    // The kernel's loopback has one queue: the refusal of a connection comes after everything that
    // was sent before, and a second one after the answers to that.
    for (int i = 0; i < 2; ++i) {
        int socket = stream_socket(0);
        if (connect_to(socket, place.self, port(15)) == 0)
            give_up("settle");
        close(socket);
    }
}

void wait_until_asleep(pid_t process) {
    char path[32], text[256];
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)process);
    for (;;) {
        int file = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t length = read(file, text, sizeof(text) - 1);
        close(file);
        if (length <= 0)
            give_up("read-/proc/PID/stat");
        text[length] = '\0';
        char* state = strrchr(text, ')');  // "pid (name) S ..."
        if (state != NULL && strncmp(state, ") S", 3) == 0)
            return;
        struct timespec moment = {.tv_nsec = 1000000};
        nanosleep(&moment, NULL);
    }
}

static volatile sig_atomic_t sigpipe_count;
static void on_sigpipe(int number) {
    (void)number;
    ++sigpipe_count;
}

void catch_sigpipe(void) {
    struct sigaction action = {.sa_handler = on_sigpipe};
    sigaction(SIGPIPE, &action, NULL);
}

int sigpipes(void) {
    return sigpipe_count;
}
