// SPDX-License-Identifier: Apache-2.0

// vsock-client CID PORT [BYTES]: one connection to a vsock-behaviour agent, for the tests of
// several guests. Static, none of our libraries; for guests only, where the agent is.
//
// With BYTES that many are sent to be echoed, and the echo is compared: prints "echoed BYTES".
// Without, it waits for the connection's end and prints how it came: "ended" or "broken:
// ECONNRESET". With "full" for BYTES it fills the connection and prints "full" before it waits.
// Exit status: 0 as told, 1 no connection ("connect: ECONNRESET"), 2 a usage error, 3 a wrong echo.
#include <errno.h>
#include <linux/vm_sockets.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static char byte_at(long position) {
    return (char)(position * 31 >> 4);
}

// Sends and receives at the same time, so that neither side's buffer can stop both.
static int echo(int socket, long total) {
    static char block[65536];
    long sent = 0, received = 0;
    while (received < total) {
        struct pollfd polled = {.fd = socket, .events = POLLIN | (sent < total ? POLLOUT : 0)};
        poll(&polled, 1, -1);
        if (polled.revents & POLLOUT) {
            long size = total - sent < (long)sizeof(block) ? total - sent : (long)sizeof(block);
            for (long i = 0; i < size; ++i)
                block[i] = byte_at(sent + i);
            ssize_t wrote = send(socket, block, (size_t)size, MSG_DONTWAIT | MSG_NOSIGNAL);
            if (wrote < 0 && errno != EAGAIN)
                break;
            sent += wrote > 0 ? wrote : 0;
        }
        if (polled.revents & (POLLIN | POLLHUP | POLLERR)) {
            ssize_t got = recv(socket, block, sizeof(block), MSG_DONTWAIT);
            if (got == 0 || (got < 0 && errno != EAGAIN))
                break;
            for (ssize_t i = 0; i < got; ++i) {
                if (block[i] != byte_at(received + i)) {
                    printf("wrong byte at %ld\n", received + i);
                    return 3;
                }
            }
            received += got > 0 ? got : 0;
        }
    }
    printf("echoed %ld\n", received);
    return received == total ? 0 : 3;
}

int main(int argc, char** argv) {
    if (argc < 3 || argc > 4) {
        fputs("usage: vsock-client CID PORT [BYTES | full]\n", stderr);
        return 2;
    }
    struct sockaddr_vm address = {.svm_family = AF_VSOCK,
                                  .svm_cid = (unsigned)strtoul(argv[1], NULL, 10),
                                  .svm_port = (unsigned)strtoul(argv[2], NULL, 10)};
    int socket_ = socket(AF_VSOCK, SOCK_STREAM, 0);
    // The kernel's two seconds may be too short on a busy machine.
    struct timeval patience = {.tv_sec = 20};
    setsockopt(socket_, AF_VSOCK, SO_VM_SOCKETS_CONNECT_TIMEOUT, &patience, sizeof(patience));
    if (connect(socket_, (struct sockaddr*)&address, sizeof(address)) != 0) {
        printf("connect: %s\n", strerrorname_np(errno));
        return 1;
    }
    static char block[65536];
    block[0] = argc == 4 && strcmp(argv[3], "full") == 0 ? 'w' : 'e';
    send(socket_, block, 1, MSG_NOSIGNAL);
    if (argc == 4 && block[0] == 'e')
        return echo(socket_, strtol(argv[3], NULL, 10));
    puts("connected");
    fflush(stdout);
    if (argc == 4) {
        while (read(STDIN_FILENO, block, sizeof(block)) > 0)
            ;
        while (send(socket_, block, sizeof(block), MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
            ;
    }
    ssize_t got = read(socket_, block, 1);
    if (got < 0)
        printf("broken: %s\n", strerrorname_np(errno));
    else
        puts("ended");
    return 0;
}
