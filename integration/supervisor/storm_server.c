// SPDX-License-Identifier: Apache-2.0

/* An echo server under a storm (storm.h); now and then it waits for another signal. Ends with what
   it saw: connections, signals caught, accepts that failed with EINTR, and the seconds.
   storm_server PORT CONNECTIONS restart|interrupt MICROSECONDS */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../apps/c/app.h"
#include "storm.h"

enum { connections_a_signal = 10 };

int main(int argc, char** argv) {
    const char* usage = "PORT CONNECTIONS restart|interrupt MICROSECONDS";
    unsigned port = (unsigned)argument(argc, argv, 1, usage);
    unsigned long connections = argument(argc, argv, 2, usage);
    unsigned long interval = argument(argc, argv, 4, usage);
    int listener = listen_on(port);
    if (interval > 0)
        storm_begin(argv[3], (long)interval * 1000);
    struct timespec begin, end;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    unsigned long interrupted = 0, served = 0;
    while (served < connections) {
        struct sockaddr_vm peer;
        socklen_t length = sizeof peer;
        int stream = accept(listener, (struct sockaddr*)&peer, &length);
        if (stream < 0) {
            if (errno != EINTR)
                die("accept");
            ++interrupted;
            continue;
        }
        if (peer.svm_family != AF_VSOCK || length != sizeof peer)
            die("the peer's address");
        echo(stream);
        close(stream);
        ++served;
        if (interval > 0 && served % connections_a_signal == 0)
            storm_wait();
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    const long caught = interval > 0 ? storm_end() : 0;
    printf("%lu connections, %ld signals, %lu interrupted, %.3f seconds\n", served, caught,
           interrupted,
           (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9);
    return 0;
}
