// SPDX-License-Identifier: Apache-2.0

#include "agent.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "sockets.h"

enum { longer_than_a_row = 60 };

static void echo(int socket) {
    char block[4096];
    ssize_t got;
    while ((got = read(socket, block, sizeof(block))) > 0) {
        for (ssize_t sent = 0; sent < got;) {
            ssize_t wrote = write(socket, block + sent, (size_t)(got - sent));
            if (wrote <= 0)
                return;
            sent += wrote;
        }
    }
}

static void serve(int socket, const struct sockaddr_vm* peer) {
    static char block[65536];
    char wish, byte;
    uint32_t words[2] = {peer->svm_cid, peer->svm_port};
    if (read(socket, &wish, 1) != 1)
        return;
    switch (wish) {
        case 'n':
            write(socket, words, sizeof(words));
            break;
        case 'e':
            echo(socket);
            break;
        case 'u':
            recv(socket, &byte, 1, MSG_PEEK);
            break;
        case 'h':
            write(socket, "half", 4);
            shutdown(socket, SHUT_WR);
            while (read(socket, &byte, 1) == 1)
                ;
            break;
        case 'r':
            shutdown(socket, SHUT_RD);
            write(socket, "r", 1);
            sleep(longer_than_a_row);
            break;
        case 's':
            for (int i = 0; i < 16; ++i)
                write(socket, block, sizeof(block));
            break;
        case 'w':
            write(socket, "w", 1);
            sleep(longer_than_a_row);
            break;
    }
}

int serve_agent(unsigned port) {
    signal(SIGCHLD, SIG_IGN);  // nobody waits for the children
    signal(SIGPIPE, SIG_IGN);
    int listener = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind_to(listener, ANY, port) != 0 || listen(listener, SOMAXCONN) != 0) {
        perror("vsock-behaviour: the agent can't listen");
        return 1;
    }
    printf("agent: listening on %u\n", port);
    fflush(stdout);
    for (;;) {
        struct sockaddr_vm peer;
        socklen_t length = sizeof(peer);
        int socket = accept(listener, (struct sockaddr*)&peer, &length);
        if (socket < 0)
            continue;
        if (fork() == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            close(listener);
            serve(socket, &peer);
            _exit(0);
        }
        close(socket);
    }
}

void start_agent(unsigned port) {
    int ends[2];
    if (pipe(ends) != 0)
        return;
    pid_t parent = getpid();
    if (fork() == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(0);
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        _exit(serve_agent(port));
    }
    // Until it has said that it listens, or has ended.
    close(ends[1]);
    char byte;
    ssize_t got = read(ends[0], &byte, 1);
    (void)got;
}
