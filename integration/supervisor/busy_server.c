// SPDX-License-Identifier: Apache-2.0

/* Waits in accept while two threads are busy, and is sent twenty signals, which any of the three
   may take: each when the one before was caught. busy_server PORT restart|interrupt */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../apps/c/app.h"

enum { signals = 20 };

static atomic_int caught, interrupted;
static int told[2]; /* a pipe: the handler writes to it */

static void count(int number) {
    char byte = (char)number;
    atomic_fetch_add(&caught, 1);
    if (write(told[1], &byte, 1) != 1)
        _exit(1);
}

static void* be_busy(void* unused) {
    for (atomic_long spins = 0;; atomic_fetch_add(&spins, 1)) {
    }
    return unused;
}

static void* send_signals(void* unused) {
    char byte;
    for (int i = 0; i < signals; ++i) {
        /* The main thread waits again by then, or will find the signal when it does. */
        usleep(20000);
        kill(getpid(), SIGUSR1);
        if (read(told[0], &byte, 1) != 1)
            die("read");
    }
    usleep(100000); /* for a last EINTR to be counted */
    printf("%d signals, %d interrupted\n", atomic_load(&caught), atomic_load(&interrupted));
    fflush(stdout);
    _exit(0);
    return unused;
}

int main(int argc, char** argv) {
    const char* usage = "PORT restart|interrupt";
    argument(argc, argv, 2, usage);
    struct sigaction action = {.sa_handler = count};
    if (strcmp(argv[2], "restart") == 0)
        action.sa_flags = SA_RESTART;
    sigaction(SIGUSR1, &action, NULL);
    if (pipe(told) != 0)
        die("pipe");
    int listener = listen_on((unsigned)argument(argc, argv, 1, usage));
    pthread_t thread;
    for (int i = 0; i < 2; ++i)
        pthread_create(&thread, NULL, be_busy, NULL);
    sigset_t usr1;
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &usr1, NULL); /* which the sending thread inherits */
    pthread_create(&thread, NULL, send_signals, NULL);
    pthread_sigmask(SIG_UNBLOCK, &usr1, NULL);
    for (;;)
        if (accept(listener, NULL, NULL) < 0) {
            if (errno != EINTR)
                die("accept");
            atomic_fetch_add(&interrupted, 1);
        }
}
