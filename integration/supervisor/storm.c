// SPDX-License-Identifier: Apache-2.0

#include "storm.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include "../apps/c/app.h"

static struct {
    pthread_t target;
    pthread_t sender;
    struct timespec pause;
    sem_t caught_one;
    atomic_long caught;
    atomic_int over;
} storm;

static void count(int number) {
    (void)number;
    atomic_fetch_add(&storm.caught, 1);
    sem_post(&storm.caught_one);
}

static void* send_signals(void* unused) {
    while (!atomic_load(&storm.over)) {
        pthread_kill(storm.target, SIGUSR1);
        nanosleep(&storm.pause, NULL);
    }
    return unused;
}

void storm_begin(const char* manner, long nanoseconds) {
    struct sigaction action = {.sa_handler = count};
    if (strcmp(manner, "restart") == 0)
        action.sa_flags = SA_RESTART;
    sem_init(&storm.caught_one, 0, 0);
    sigaction(SIGUSR1, &action, NULL);
    storm.target = pthread_self();
    storm.pause.tv_nsec = nanoseconds;
    if (pthread_create(&storm.sender, NULL, send_signals, NULL) != 0)
        die("pthread_create");
}

void storm_wait(void) {
    while (sem_trywait(&storm.caught_one) == 0)
        continue;
    while (sem_wait(&storm.caught_one) != 0 && errno == EINTR)
        continue;
}

long storm_end(void) {
    atomic_store(&storm.over, 1);
    pthread_join(storm.sender, NULL);
    return atomic_load(&storm.caught);
}
