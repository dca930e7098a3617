// SPDX-License-Identifier: Apache-2.0

/* An echo server with several threads that all accept on one listener. threaded_server PORT
 * CONNECTIONS */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "app.h"

enum { threads = 4 };

static int listener;
static atomic_long left;

static void* serve(void* unused) {
    while (atomic_fetch_sub(&left, 1) > 0) {
        struct sockaddr_vm peer;
        socklen_t length = sizeof peer;
        int stream = accept4(listener, (struct sockaddr*)&peer, &length, SOCK_CLOEXEC);
        if (stream < 0)
            die("accept4");
        if (length != sizeof peer || peer.svm_family != AF_VSOCK)
            die("the peer's address");
        echo(stream);
        close(stream);
    }
    return unused;
}

int main(int argc, char** argv) {
    const char* usage = "PORT CONNECTIONS";
    left = (long)argument(argc, argv, 2, usage);
    listener = listen_on((unsigned)argument(argc, argv, 1, usage));
    pthread_t ids[threads];
    for (int i = 0; i < threads; ++i)
        if (pthread_create(&ids[i], NULL, serve, NULL) != 0)
            die("pthread_create");
    for (int i = 0; i < threads; ++i)
        pthread_join(ids[i], NULL);
    puts("served");
    return 0;
}
