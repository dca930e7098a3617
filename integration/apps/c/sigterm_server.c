// SPDX-License-Identifier: Apache-2.0

/* A server that waits in a blocked accept until SIGTERM, then tells how many connections it had and
   ends. sigterm_server PORT */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "app.h"

static volatile sig_atomic_t over;

static void end(int number) {
    (void)number;
    over = 1;
}

int main(int argc, char** argv) {
    struct sigaction action = {.sa_handler = end}; /* without SA_RESTART */
    sigaction(SIGTERM, &action, NULL);
    int listener = listen_on((unsigned)argument(argc, argv, 1, "PORT"));
    unsigned connections = 0;
    while (!over) {
        struct sockaddr_vm peer;
        socklen_t length = sizeof peer;
        int stream = accept(listener, (struct sockaddr*)&peer, &length);
        if (stream >= 0) {
            ++connections;
            echo(stream);
            close(stream);
        } else if (errno != EINTR) {
            die("accept");
        }
    }
    printf("terminated after %u connections\n", connections);
    return 0;
}
