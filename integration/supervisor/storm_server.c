/* An echo server under a storm: a second thread sends SIGUSR1 to the accepting one, again and
   again. Ends with what it saw: connections, signals caught, accepts that failed with EINTR, and
   the seconds. storm_server PORT CONNECTIONS restart|interrupt MICROSECONDS */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../apps/c/app.h"

static atomic_long caught;
static atomic_int over;
static pthread_t acceptor;
static struct timespec pause_between;

static void count(int number) {
    (void)number;
    atomic_fetch_add(&caught, 1);
}

static void* storm(void* unused) {
    while (!atomic_load(&over)) {
        pthread_kill(acceptor, SIGUSR1);
        nanosleep(&pause_between, NULL);
    }
    return unused;
}

int main(int argc, char** argv) {
    const char* usage = "PORT CONNECTIONS restart|interrupt MICROSECONDS";
    unsigned port = (unsigned)argument(argc, argv, 1, usage);
    unsigned long connections = argument(argc, argv, 2, usage);
    unsigned long interval = argument(argc, argv, 4, usage);
    pause_between.tv_nsec = (long)interval * 1000;
    struct sigaction action = {.sa_handler = count};
    if (strcmp(argv[3], "restart") == 0)
        action.sa_flags = SA_RESTART;
    sigaction(SIGUSR1, &action, NULL);
    int listener = listen_on(port);
    acceptor = pthread_self();
    pthread_t sender;
    if (interval > 0 && pthread_create(&sender, NULL, storm, NULL) != 0)
        die("pthread_create");
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
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    atomic_store(&over, 1);
    if (interval > 0)
        pthread_join(sender, NULL);
    printf("%lu connections, %ld signals, %lu interrupted, %.3f seconds\n", served,
           atomic_load(&caught), interrupted,
           (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9);
    return 0;
}
