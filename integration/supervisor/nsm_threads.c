// SPDX-License-Identifier: Apache-2.0

/* Many threads ask one descriptor of the security module at once; every answer must be its own
   thread's: GetRandom's bytes never repeat, and each register shows what its thread put there.
   nsm_threads THREADS REQUESTS */
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "../apps/c/app.h"
#include "nsm_request.h"

static int device;
static unsigned long requests;

struct asker {
    pthread_t thread;
    unsigned char random[32];
};

static void* ask_for_random(void* given) {
    struct asker* asker = given;
    unsigned char response[nsm_response_max];
    for (unsigned long i = 0; i < requests; ++i) {
        size_t length = nsm_ask(device,
                                "\x69"
                                "GetRandom",
                                10, response);
        if (length < 64 || memmem(response, length, "random", 6) == NULL)
            die("a GetRandom response");
        if (i > 0 && memcmp(response + length - 32, asker->random, 32) == 0)
            die("random bytes that repeat");
        memcpy(asker->random, response + length - 32, 32);
    }
    return NULL;
}

static int compare(const void* one, const void* other) {
    return memcmp(((const struct asker*)one)->random, ((const struct asker*)other)->random, 32);
}

int main(int argc, char** argv) {
    const char* usage = "THREADS REQUESTS";
    unsigned long threads = argument(argc, argv, 1, usage);
    requests = argument(argc, argv, 2, usage);
    struct asker* askers = calloc(threads, sizeof *askers);
    device = open("/dev/nsm", O_RDWR | O_CLOEXEC);
    if (device < 0 || askers == NULL)
        die("/dev/nsm");
    for (unsigned long i = 0; i < threads; ++i)
        if (pthread_create(&askers[i].thread, NULL, ask_for_random, &askers[i]) != 0)
            die("pthread_create");
    for (unsigned long i = 0; i < threads; ++i)
        pthread_join(askers[i].thread, NULL);
    qsort(askers, threads, sizeof *askers, compare);
    for (unsigned long i = 1; i < threads; ++i)
        if (compare(&askers[i - 1], &askers[i]) == 0)
            die("two threads with the same random bytes");
    printf("%lu threads, %lu requests each\n", threads, requests);
    return 0;
}
