// SPDX-License-Identifier: Apache-2.0

/* An echo client that never blocks: its socket is watched by epoll before it connects, level or
   edge triggered. nonblocking_client CID PORT level|edge */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "app.h"

static int wait_for(int watcher, unsigned events) {
    struct epoll_event event;
    do {
        int count = epoll_wait(watcher, &event, 1, 10000);
        if (count == 0) {
            fprintf(stderr, "no event within ten seconds\n");
            _exit(1);
        }
        if (count < 0 && errno != EINTR)
            die("epoll_wait");
    } while (!(event.events & (events | EPOLLERR)));
    return (int)event.events;
}

int main(int argc, char** argv) {
    const char* usage = "CID PORT level|edge";
    struct sockaddr_vm address = vsock_address((unsigned)argument(argc, argv, 1, usage),
                                               (unsigned)argument(argc, argv, 2, usage));
    argument(argc, argv, 3, usage);
    int stream = socket(AF_VSOCK, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int watcher = epoll_create1(EPOLL_CLOEXEC);
    if (stream < 0 || watcher < 0)
        die("socket");
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP};
    if (strcmp(argv[3], "edge") == 0)
        event.events |= EPOLLET;
    if (epoll_ctl(watcher, EPOLL_CTL_ADD, stream, &event) != 0)
        die("epoll_ctl");
    /* What an unconnected socket shows is over before the connect. */
    epoll_wait(watcher, &event, 1, 0);

    if (connect(stream, (struct sockaddr*)&address, sizeof address) != 0 && errno != EINPROGRESS)
        die("connect");
    wait_for(watcher, EPOLLOUT);
    int error = 0;
    socklen_t length = sizeof error;
    if (getsockopt(stream, SOL_SOCKET, SO_ERROR, &error, &length) != 0 || error != 0) {
        errno = error;
        die("SO_ERROR");
    }
    if (connect(stream, (struct sockaddr*)&address, sizeof address) == 0 || errno != EISCONN)
        die("connect again");

    const char word[] = "nothing blocks";
    if (send(stream, word, sizeof word, MSG_NOSIGNAL) != sizeof word)
        die("send");
    shutdown(stream, SHUT_WR);
    char echoed[64];
    size_t got = 0;
    for (;;) {
        ssize_t now = recv(stream, echoed + got, sizeof echoed - got, 0);
        if (now == 0)
            break;
        if (now > 0)
            got += (size_t)now;
        else if (errno == EAGAIN)
            wait_for(watcher, EPOLLIN);
        else
            die("recv");
    }
    if (got != sizeof word || memcmp(echoed, word, got) != 0) {
        fprintf(stderr, "the echo differs from what was sent\n");
        return 1;
    }
    puts("echoed");
    return 0;
}
