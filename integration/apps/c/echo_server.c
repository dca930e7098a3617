// SPDX-License-Identifier: Apache-2.0

/* Echoes what every connection sends, one after the other. echo_server PORT [CONNECTIONS] */
#include <stdio.h>
#include <unistd.h>

#include "app.h"

int main(int argc, char** argv) {
    const char* usage = "PORT [CONNECTIONS]";
    int listener = listen_on((unsigned)argument(argc, argv, 1, usage));
    unsigned long connections = argc > 2 ? argument(argc, argv, 2, usage) : 1;
    for (; connections > 0; --connections) {
        struct sockaddr_vm peer;
        socklen_t length = sizeof peer;
        int stream = accept(listener, (struct sockaddr*)&peer, &length);
        if (stream < 0)
            die("accept");
        printf("peer %u\n", peer.svm_cid);
        fflush(stdout);
        echo(stream);
        close(stream);
    }
    return 0;
}
