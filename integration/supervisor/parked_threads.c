// SPDX-License-Identifier: Apache-2.0

/* Many threads wait in accept, and forty of them are sent a signal in turns, one at a time.
   parked_threads PORT THREADS; tells once all wait, and goes on after a line on standard input. */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "../apps/c/app.h"

enum { signals = 40, stack_bytes = 65536 };

static int listener;
static long target;
static atomic_int interrupted, astray;
static sem_t returned;
static _Atomic pid_t* ids;

static void nothing(int number) {
    (void)number;
}

static void* wait_in_accept(void* place) {
    long own = (long)place;
    struct sockaddr_vm peer;
    atomic_store(&ids[own], (pid_t)syscall(SYS_gettid));
    for (;;) {
        socklen_t length = sizeof peer;
        int stream = accept(listener, (struct sockaddr*)&peer, &length);
        if (stream >= 0) {
            close(stream);
            continue;
        }
        if (errno != EINTR)
            die("accept");
        if (own != target) {
            atomic_fetch_add(&astray, 1);
            continue;
        }
        atomic_fetch_add(&interrupted, 1);
        sem_post(&returned);
    }
    return NULL;
}

/* In a sleep from which a supervisor's answer alone wakes it, or any other. */
static int is_asleep(pid_t id) {
    char path[64];
    char text[256] = "";
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", id);
    FILE* file = fopen(path, "re");
    if (file == NULL)
        return 0;
    size_t bytes = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[bytes] = 0;
    const char* state = strrchr(text, ')');
    return state != NULL && (state[2] == 'D' || state[2] == 'S');
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static int compare(const void* one, const void* other) {
    double difference = *(const double*)one - *(const double*)other;
    return (difference > 0) - (difference < 0);
}

int main(int argc, char** argv) {
    const char* usage = "PORT THREADS";
    long threads = (long)argument(argc, argv, 2, usage);
    if (threads < signals) {
        fprintf(stderr, "%s: at least %d threads were expected\n", argv[0], signals);
        return 2;
    }
    struct sigaction action = {.sa_handler = nothing};
    sigaction(SIGUSR1, &action, NULL);
    sem_init(&returned, 0, 0);
    listener = listen_on((unsigned)argument(argc, argv, 1, usage));
    ids = calloc((size_t)threads, sizeof *ids);
    pthread_t* handles = calloc((size_t)threads, sizeof *handles);
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, stack_bytes);
    for (long i = 0; i < threads; ++i)
        if (pthread_create(&handles[i], &small, wait_in_accept, (void*)i) != 0)
            die("pthread_create");
    for (long i = 0; i < threads; ++i)
        while (atomic_load(&ids[i]) == 0 || !is_asleep(atomic_load(&ids[i])))
            usleep(1000);
    puts("all wait");
    fflush(stdout);
    char line[16];
    if (fgets(line, sizeof line, stdin) == NULL)
        return 1;
    double took[signals];
    for (long i = 0; i < signals; ++i) {
        target = i * threads / signals; /* another each time: this one may not wait again yet */
        double begin = now();
        pthread_kill(handles[target], SIGUSR1);
        while (sem_wait(&returned) != 0 && errno == EINTR)
            continue;
        took[i] = now() - begin;
    }
    qsort(took, signals, sizeof *took, compare);
    printf("%d interrupted, %d astray, median %.1f ms, most %.1f ms\n", atomic_load(&interrupted),
           atomic_load(&astray), took[signals / 2], took[signals - 1]);
    return 0;
}
