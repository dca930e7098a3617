// SPDX-License-Identifier: Apache-2.0

/* Threads that wait in accept while signals are sent to the process, to whichever of its threads
   the kernel chooses, and threads beside them that a signal may find awake. Ends with what the
   accepts said, which is nothing: the handler restarts them, and nobody connects.
   accept_threads PORT SIGNALS */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "../apps/c/app.h"

enum { waiting_threads = 4, awake_threads = 2, failures_max = 4096 };

static int listener;
static atomic_long caught;
static atomic_long failures[failures_max]; /* by errno */

static void count(int number) {
    (void)number;
    atomic_fetch_add(&caught, 1);
}

static void* wait_in_accept(void* unused) {
    for (;;) {
        const int stream = accept(listener, NULL, NULL);
        if (stream >= 0)
            die("accept returned a connection");
        if (errno >= 0 && errno < failures_max)
            atomic_fetch_add(&failures[errno], 1);
    }
    return unused;
}

static void* wake_again_and_again(void* unused) {
    const struct timespec moment = {.tv_nsec = 20000};
    for (;;)
        nanosleep(&moment, NULL);
    return unused;
}

int main(int argc, char** argv) {
    const char* usage = "PORT SIGNALS";
    const unsigned port = (unsigned)argument(argc, argv, 1, usage);
    const unsigned long signals = argument(argc, argv, 2, usage);
    struct sigaction action = {.sa_handler = count, .sa_flags = SA_RESTART};
    sigaction(SIGUSR1, &action, NULL);
    listener = listen_on(port);
    pthread_t thread;
    for (int i = 0; i < waiting_threads + awake_threads; ++i)
        if (pthread_create(&thread, NULL,
                           i < waiting_threads ? wait_in_accept : wake_again_and_again, NULL) != 0)
            die("pthread_create");
    sigset_t others; /* threads take the signals */
    sigemptyset(&others);
    sigaddset(&others, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &others, NULL);
    for (unsigned long sent = 0; sent < signals; ++sent) {
        const long before = atomic_load(&caught);
        kill(getpid(), SIGUSR1);
        while (atomic_load(&caught) == before)
            sched_yield();
    }
    long failed = 0;
    for (int i = 0; i < failures_max; ++i) {
        if (failures[i] != 0)
            printf("accept failed %ld times with errno %d\n", failures[i], i);
        failed += failures[i];
    }
    printf("%lu signals, %ld failures\n", signals, failed);
    return 0;
}
