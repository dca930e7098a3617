// SPDX-License-Identifier: Apache-2.0

/* A server at its descriptor limit: accept says EMFILE, again and again, while the listener stays
   readable; with a descriptor free it accepts the same connection and echoes. descriptor_limit PORT
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../apps/c/app.h"

int main(int argc, char** argv) {
    int listener = listen_on((unsigned)argument(argc, argv, 1, "PORT"));
    int spare = dup(0);
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = (rlim_t)spare + 1;
    setrlimit(RLIMIT_NOFILE, &limit);
    for (int i = 0; i < 3; ++i) {
        struct pollfd ready = {.fd = listener, .events = POLLIN};
        if (poll(&ready, 1, 20000) != 1 || !(ready.revents & POLLIN)) {
            fprintf(stderr, "the listener isn't readable at attempt %d\n", i);
            return 1;
        }
        if (accept(listener, NULL, NULL) >= 0 || errno != EMFILE)
            die("accept at the limit");
    }
    close(spare);
    struct sockaddr_vm peer;
    socklen_t length = sizeof peer;
    int stream = accept(listener, (struct sockaddr*)&peer, &length);
    if (stream < 0)
        die("accept");
    echo(stream);
    close(stream);
    struct pollfd ready = {.fd = listener, .events = POLLIN};
    if (poll(&ready, 1, 0) != 0) {
        fprintf(stderr, "the listener is readable with nobody there\n");
        return 1;
    }
    printf("peer %u\n", peer.svm_cid);
    return 0;
}
