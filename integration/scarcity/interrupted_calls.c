// SPDX-License-Identifier: Apache-2.0

// Preloaded (LD_PRELOAD) into one program: every third call that can wait answers EINTR, after
// nothing was done, as if a signal had come (signal(7)).
//
//   SCARCITY_STATE     a file of two numbers, shared by all processes of the program: how many
//                      calls there were, and how many were interrupted
//
// What does not wait is left alone: files on a disk, and descriptors with O_NONBLOCK. connect is
// left out: a connection goes on after EINTR, which nothing here could imitate. close is left out
// too: its descriptor is gone, whatever it answers.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "preloaded.h"

enum { ONE_OF = 3 };

struct State {
    _Atomic unsigned calls;
    _Atomic unsigned interrupted;
};

static struct State* state;

__attribute__((constructor)) static void begin(void) {
    state = shared_state(sizeof *state);
}

static bool can_wait(int fd) {
    struct stat status;
    return fstat(fd, &status) == 0 && !S_ISREG(status.st_mode) &&
           (fcntl(fd, F_GETFL) & O_NONBLOCK) == 0;
}

// A thread that blocks what a handler could be called for is interrupted by nothing.
static bool is_deaf(void) {
    sigset_t blocked;
    return pthread_sigmask(SIG_BLOCK, NULL, &blocked) == 0 && sigismember(&blocked, SIGTERM) == 1 &&
           sigismember(&blocked, SIGCHLD) == 1;
}

static bool is_interrupted(void) {
    if (state == NULL || is_deaf() || (atomic_fetch_add(&state->calls, 1) + 1) % ONE_OF != 0)
        return false;
    atomic_fetch_add(&state->interrupted, 1);
    errno = EINTR;
    return true;
}

#define COMMA ,
#define CALL(result, name, parameters, types, arguments, waits)             \
    result name parameters {                                                \
        static result (*really)(types);                                     \
        if (really == NULL)                                                 \
            really = (result(*)(types))dlsym(RTLD_NEXT, #name);             \
        return (waits) && is_interrupted() ? (result)-1 : really arguments; \
    }
CALL(ssize_t, read, (int fd, void* to, size_t size), int COMMA void* COMMA size_t, (fd, to, size),
     can_wait(fd))
CALL(ssize_t, pread, (int fd, void* to, size_t size, off_t at),
     int COMMA void* COMMA size_t COMMA off_t, (fd, to, size, at), can_wait(fd))
CALL(ssize_t, pread64, (int fd, void* to, size_t size, off64_t at),
     int COMMA void* COMMA size_t COMMA off64_t, (fd, to, size, at), can_wait(fd))
CALL(ssize_t, readv, (int fd, const struct iovec* to, int count),
     int COMMA const struct iovec* COMMA int, (fd, to, count), can_wait(fd))
CALL(ssize_t, write, (int fd, const void* from, size_t size), int COMMA const void* COMMA size_t,
     (fd, from, size), can_wait(fd))
CALL(ssize_t, writev, (int fd, const struct iovec* from, int count),
     int COMMA const struct iovec* COMMA int, (fd, from, count), can_wait(fd))
CALL(ssize_t, recv, (int fd, void* to, size_t size, int flags),
     int COMMA void* COMMA size_t COMMA int, (fd, to, size, flags),
     (flags & MSG_DONTWAIT) == 0 && can_wait(fd))
CALL(ssize_t, recvmsg, (int fd, struct msghdr* message, int flags),
     int COMMA struct msghdr* COMMA int, (fd, message, flags),
     (flags & MSG_DONTWAIT) == 0 && can_wait(fd))
CALL(ssize_t, send, (int fd, const void* from, size_t size, int flags),
     int COMMA const void* COMMA size_t COMMA int, (fd, from, size, flags),
     (flags & MSG_DONTWAIT) == 0 && can_wait(fd))
CALL(ssize_t, sendmsg, (int fd, const struct msghdr* message, int flags),
     int COMMA const struct msghdr* COMMA int, (fd, message, flags),
     (flags & MSG_DONTWAIT) == 0 && can_wait(fd))
CALL(ssize_t, splice,
     (int from, off64_t* from_at, int to, off64_t* to_at, size_t size, unsigned flags),
     int COMMA off64_t* COMMA int COMMA off64_t* COMMA size_t COMMA unsigned,
     (from, from_at, to, to_at, size, flags), can_wait(from) && can_wait(to))
CALL(int, accept4, (int fd, struct sockaddr* peer, socklen_t* size, int flags),
     int COMMA struct sockaddr* COMMA socklen_t* COMMA int, (fd, peer, size, flags), can_wait(fd))
CALL(int, poll, (struct pollfd * fds, nfds_t count, int timeout),
     struct pollfd* COMMA nfds_t COMMA int, (fds, count, timeout), timeout != 0)
CALL(int, ppoll,
     (struct pollfd * fds, nfds_t count, const struct timespec* timeout, const sigset_t* mask),
     struct pollfd* COMMA nfds_t COMMA const struct timespec* COMMA const sigset_t*,
     (fds, count, timeout, mask), true)
CALL(int, epoll_wait, (int epoll, struct epoll_event* events, int count, int timeout),
     int COMMA struct epoll_event* COMMA int COMMA int, (epoll, events, count, timeout),
     timeout != 0)
CALL(pid_t, waitpid, (pid_t child, int* status, int options), pid_t COMMA int* COMMA int,
     (child, status, options), (options & WNOHANG) == 0)
CALL(int, waitid, (idtype_t type, id_t id, siginfo_t* result, int options),
     idtype_t COMMA id_t COMMA siginfo_t* COMMA int, (type, id, result, options),
     (options & WNOHANG) == 0)
CALL(int, flock, (int fd, int operation), int COMMA int, (fd, operation),
     (operation & LOCK_NB) == 0)
