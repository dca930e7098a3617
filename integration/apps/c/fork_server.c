// SPDX-License-Identifier: Apache-2.0

/* An echo server with a process for every connection; it reaps them when SIGCHLD interrupts its
   accept. fork_server PORT CONNECTIONS */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app.h"

static volatile sig_atomic_t children, failed;

static void reap(int number) {
    (void)number;
    int before = errno, status;
    while (waitpid(-1, &status, WNOHANG) > 0) {
        --children;
        if (status != 0)
            failed = 1;
    }
    errno = before;
}

int main(int argc, char** argv) {
    const char* usage = "PORT CONNECTIONS";
    struct sigaction action = {.sa_handler = reap}; /* without SA_RESTART */
    sigset_t child, none;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigemptyset(&none);
    sigaction(SIGCHLD, &action, NULL);
    unsigned long connections = argument(argc, argv, 2, usage);
    int listener = listen_on((unsigned)argument(argc, argv, 1, usage));
    while (connections > 0) {
        int stream = accept(listener, NULL, NULL);
        if (stream < 0) {
            if (errno == EINTR)
                continue;
            die("accept");
        }
        --connections;
        sigprocmask(SIG_BLOCK, &child, NULL);
        pid_t process = fork();
        if (process == 0) {
            close(listener);
            echo(stream);
            _exit(0);
        }
        if (process < 0)
            die("fork");
        ++children;
        sigprocmask(SIG_UNBLOCK, &child, NULL);
        close(stream);
    }
    sigprocmask(SIG_BLOCK, &child, NULL);
    while (children > 0)
        sigsuspend(&none);
    puts(failed ? "a child failed" : "all children reaped");
    return failed;
}
