// SPDX-License-Identifier: Apache-2.0

#include "app.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void die(const char* what) {
    perror(what);
    exit(1);
}

unsigned long argument(int argc, char** argv, int index, const char* usage) {
    if (index >= argc) {
        fprintf(stderr, "usage: %s %s\n", argv[0], usage);
        exit(2);
    }
    return strtoul(argv[index], NULL, 0);
}

struct sockaddr_vm vsock_address(unsigned cid, unsigned port) {
    struct sockaddr_vm address = {.svm_family = AF_VSOCK, .svm_cid = cid, .svm_port = port};
    return address;
}

int listen_on(unsigned port) {
    struct sockaddr_vm address = vsock_address(VMADDR_CID_ANY, port);
    int listener = socket(AF_VSOCK, SOCK_STREAM, 0);
    if (listener < 0)
        die("socket");
    if (bind(listener, (struct sockaddr*)&address, sizeof address) != 0)
        die("bind");
    if (listen(listener, SOMAXCONN) != 0)
        die("listen");
    puts("listening");
    fflush(stdout);
    return listener;
}

int connect_to(unsigned cid, unsigned port) {
    struct sockaddr_vm address = vsock_address(cid, port);
    int stream = socket(AF_VSOCK, SOCK_STREAM, 0);
    if (stream < 0)
        die("socket");
    if (connect(stream, (struct sockaddr*)&address, sizeof address) != 0)
        die("connect");
    return stream;
}

void send_all(int socket, const void* bytes, size_t size) {
    for (const char* next = bytes; size > 0;) {
        ssize_t sent = send(socket, next, size, MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR)
            die("send");
        if (sent > 0) {
            next += sent;
            size -= (size_t)sent;
        }
    }
}

void echo(int socket) {
    char bytes[65536];
    for (;;) {
        ssize_t got = recv(socket, bytes, sizeof bytes, 0);
        if (got == 0)
            return;
        if (got > 0)
            send_all(socket, bytes, (size_t)got);
        else if (errno != EINTR)
            die("recv");
    }
}

/* Byte n of what is sent. */
static unsigned char pattern(size_t n) {
    return (unsigned char)(n * 31 + (n >> 8) * 7 + (n >> 16));
}

void check_echo(int socket, size_t size) {
    unsigned char out[16384], in[16384];
    size_t sent = 0, received = 0;
    while (received < size) {
        struct pollfd ready = {.fd = socket, .events = POLLIN};
        if (sent < size)
            ready.events |= POLLOUT;
        if (poll(&ready, 1, -1) < 0) {
            if (errno == EINTR)
                continue;
            die("poll");
        }
        if (ready.revents & POLLOUT && sent < size) {
            size_t count = size - sent < sizeof out ? size - sent : sizeof out;
            for (size_t i = 0; i < count; ++i)
                out[i] = pattern(sent + i);
            ssize_t now = send(socket, out, count, MSG_DONTWAIT | MSG_NOSIGNAL);
            if (now < 0 && errno != EAGAIN && errno != EINTR)
                die("send");
            if (now > 0 && (sent += (size_t)now) == size)
                shutdown(socket, SHUT_WR);
        }
        if (ready.revents & (POLLIN | POLLHUP | POLLERR)) {
            ssize_t now = recv(socket, in, sizeof in, MSG_DONTWAIT);
            if (now == 0) {
                fprintf(stderr, "the peer ended after %zu of %zu bytes\n", received, size);
                exit(1);
            }
            if (now < 0 && errno != EAGAIN && errno != EINTR)
                die("recv");
            for (ssize_t i = 0; i < now; ++i)
                if (in[i] != pattern(received + (size_t)i)) {
                    fprintf(stderr, "byte %zu differs from what was sent\n", received + (size_t)i);
                    exit(1);
                }
            if (now > 0)
                received += (size_t)now;
        }
    }
    if (size == 0)
        shutdown(socket, SHUT_WR);
    unsigned char more;
    if (recv(socket, &more, 1, 0) != 0) {
        fprintf(stderr, "the peer sent more than it got\n");
        exit(1);
    }
}
