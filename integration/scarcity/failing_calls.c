// SPDX-License-Identifier: Apache-2.0

// Preloaded (LD_PRELOAD) into one program: its n-th call that needs room on a disk fails, and what
// it calls then, as on a disk that is full.
//
//   SCARCITY_FOLDER    what is written below this folder counts, and nothing else
//   SCARCITY_STATE     a file of struct State, shared by all processes of the program
//
// Counted: files, folders, names and sockets that are made, growing files, syncs and renames. Calls
// inside of libc are not seen, so the functions that make them are counted themselves.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "preloaded.h"

enum How {
    STAYS_FULL = 0,   // this call and all that follow
    FAILS_ONCE = 1,   // this call alone
    CUTS_SHORT = 2,   // half of a write is done; all that follow fail
    INTERRUPTED = 3,  // this call alone, after nothing was done, as by a signal
};

struct State {
    _Atomic unsigned calls;
    unsigned failing;  // 1 is the first call; 0: none fails
    unsigned how;
    int reason;  // errno
    char what[64];
};

static struct State* state;
static char folder[PATH_MAX];
static size_t folder_length;

__attribute__((constructor)) static void begin(void) {
    const char* below = getenv("SCARCITY_FOLDER");
    if (below == NULL)
        return;
    folder_length = strlen(below);
    memcpy(folder, below, folder_length + 1);
    state = shared_state(sizeof *state);
}

static bool is_below(const char* path) {
    return strncmp(path, folder, folder_length) == 0 &&
           (path[folder_length] == '/' || path[folder_length] == '\0');
}

static bool is_file_below(int fd) {
    char link[64];
    char path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0)
        return false;
    path[length] = '\0';
    return is_below(path);
}

static bool is_name_below(int directory, const char* path) {
    char here[PATH_MAX];
    if (path[0] == '/') {
        // Another name of an open folder.
        int number;
        if (sscanf(path, "/proc/self/fd/%d", &number) == 1)
            return is_file_below(number);
        return is_below(path);
    }
    if (directory == AT_FDCWD)
        return getcwd(here, sizeof here) != NULL && is_below(here);
    return is_file_below(directory);
}

enum Verdict { PASS, FAIL, SHORT };

static enum Verdict judge(const char* what, bool is_write) {
    const unsigned call = atomic_fetch_add(&state->calls, 1) + 1;
    if (state->failing == 0 || call < state->failing)
        return PASS;
    if (call == state->failing) {
        strncpy(state->what, what, sizeof state->what - 1);
        if (state->how == CUTS_SHORT && is_write)
            return SHORT;
    } else if (state->how == FAILS_ONCE || state->how == INTERRUPTED) {
        return PASS;
    }
    errno = state->reason;
    return FAIL;
}

#define REAL(result, name, ...)           \
    static result (*really)(__VA_ARGS__); \
    if (really == NULL)                   \
    really = (result(*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name)

static bool makes(int flags) {
    return (flags & (O_CREAT | O_TRUNC)) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
}

#define OPEN(name)                                                                             \
    int name(const char* path, int flags, ...) {                                               \
        REAL(int, name, const char*, int, ...);                                                \
        mode_t mode = 0;                                                                       \
        if (makes(flags)) {                                                                    \
            va_list more;                                                                      \
            va_start(more, flags);                                                             \
            mode = va_arg(more, mode_t);                                                       \
            va_end(more);                                                                      \
            if (state != NULL && is_name_below(AT_FDCWD, path) && judge(#name, false) == FAIL) \
                return -1;                                                                     \
        }                                                                                      \
        return really(path, flags, mode);                                                      \
    }
#define OPENAT(name)                                                                            \
    int name(int directory, const char* path, int flags, ...) {                                 \
        REAL(int, name, int, const char*, int, ...);                                            \
        mode_t mode = 0;                                                                        \
        if (makes(flags)) {                                                                     \
            va_list more;                                                                       \
            va_start(more, flags);                                                              \
            mode = va_arg(more, mode_t);                                                        \
            va_end(more);                                                                       \
            if (state != NULL && is_name_below(directory, path) && judge(#name, false) == FAIL) \
                return -1;                                                                      \
        }                                                                                       \
        return really(directory, path, flags, mode);                                            \
    }
#define FOPEN(name)                                                             \
    FILE* name(const char* path, const char* mode) {                            \
        REAL(FILE*, name, const char*, const char*);                            \
        if (state != NULL && mode[0] != 'r' && is_name_below(AT_FDCWD, path) && \
            judge(#name, false) == FAIL)                                        \
            return NULL;                                                        \
        return really(path, mode);                                              \
    }
OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)
FOPEN(fopen)
FOPEN(fopen64)

// A write of one or more pieces, of which a short one does the first half, once.
#define WRITE(name, parameters, types, call, half)           \
    ssize_t name parameters {                                \
        REAL(ssize_t, name, types);                          \
        if (state != NULL && is_file_below(fd)) {            \
            const enum Verdict verdict = judge(#name, true); \
            if (verdict == FAIL)                             \
                return -1;                                   \
            if (verdict == SHORT)                            \
                return half;                                 \
        }                                                    \
        return call;                                         \
    }
#define COMMA ,
WRITE(write, (int fd, const void* bytes, size_t size), int COMMA const void* COMMA size_t,
      really(fd, bytes, size), size < 2 ? (errno = state->reason, -1) : really(fd, bytes, size / 2))
WRITE(pwrite, (int fd, const void* bytes, size_t size, off_t at),
      int COMMA const void* COMMA size_t COMMA off_t, really(fd, bytes, size, at),
      size < 2 ? (errno = state->reason, -1) : really(fd, bytes, size / 2, at))
WRITE(pwrite64, (int fd, const void* bytes, size_t size, off64_t at),
      int COMMA const void* COMMA size_t COMMA off64_t, really(fd, bytes, size, at),
      size < 2 ? (errno = state->reason, -1) : really(fd, bytes, size / 2, at))
WRITE(writev, (int fd, const struct iovec* pieces, int count),
      int COMMA const struct iovec* COMMA int, really(fd, pieces, count), really(fd, pieces, 1))

static bool grows(int fd, off64_t size) {
    struct stat64 status;
    return fstat64(fd, &status) == 0 && size > status.st_size;
}

// Calls whose result is a number below 0 with errno, or posix_fallocate's, which is errno's number.
#define CALL(name, parameters, types, arguments, counts, failure)     \
    int name parameters {                                             \
        REAL(int, name, types);                                       \
        if (state != NULL && (counts) && judge(#name, false) == FAIL) \
            return failure;                                           \
        return really arguments;                                      \
    }
CALL(ftruncate, (int fd, off_t size), int COMMA off_t, (fd, size),
     is_file_below(fd) && grows(fd, size), -1)
CALL(ftruncate64, (int fd, off64_t size), int COMMA off64_t, (fd, size),
     is_file_below(fd) && grows(fd, size), -1)
CALL(fallocate, (int fd, int mode, off_t at, off_t size), int COMMA int COMMA off_t COMMA off_t,
     (fd, mode, at, size), is_file_below(fd), -1)
CALL(fallocate64, (int fd, int mode, off64_t at, off64_t size),
     int COMMA int COMMA off64_t COMMA off64_t, (fd, mode, at, size), is_file_below(fd), -1)
CALL(posix_fallocate, (int fd, off_t at, off_t size), int COMMA off_t COMMA off_t, (fd, at, size),
     is_file_below(fd), state->reason)
CALL(posix_fallocate64, (int fd, off64_t at, off64_t size), int COMMA off64_t COMMA off64_t,
     (fd, at, size), is_file_below(fd), state->reason)
CALL(fsync, (int fd), int, (fd), is_file_below(fd), -1)
CALL(fdatasync, (int fd), int, (fd), is_file_below(fd), -1)
CALL(rename, (const char* from, const char* to), const char* COMMA const char*, (from, to),
     is_name_below(AT_FDCWD, to), -1)
CALL(renameat, (int from_folder, const char* from, int folder_of_to, const char* to),
     int COMMA const char* COMMA int COMMA const char*, (from_folder, from, folder_of_to, to),
     is_name_below(folder_of_to, to), -1)
CALL(renameat2,
     (int from_folder, const char* from, int folder_of_to, const char* to, unsigned flags),
     int COMMA const char* COMMA int COMMA const char* COMMA unsigned,
     (from_folder, from, folder_of_to, to, flags), is_name_below(folder_of_to, to), -1)
CALL(link, (const char* from, const char* to), const char* COMMA const char*, (from, to),
     is_name_below(AT_FDCWD, to), -1)
CALL(linkat, (int from_folder, const char* from, int folder_of_to, const char* to, int flags),
     int COMMA const char* COMMA int COMMA const char* COMMA int,
     (from_folder, from, folder_of_to, to, flags), is_name_below(folder_of_to, to), -1)
CALL(symlink, (const char* text, const char* path), const char* COMMA const char*, (text, path),
     is_name_below(AT_FDCWD, path), -1)
CALL(symlinkat, (const char* text, int directory, const char* path),
     const char* COMMA int COMMA const char*, (text, directory, path),
     is_name_below(directory, path), -1)
CALL(mkdir, (const char* path, mode_t mode), const char* COMMA mode_t, (path, mode),
     is_name_below(AT_FDCWD, path), -1)
CALL(mkdirat, (int directory, const char* path, mode_t mode), int COMMA const char* COMMA mode_t,
     (directory, path, mode), is_name_below(directory, path), -1)
CALL(mkstemp, (char* path), char*, (path), is_name_below(AT_FDCWD, path), -1)
CALL(mkstemp64, (char* path), char*, (path), is_name_below(AT_FDCWD, path), -1)
CALL(mkostemp, (char* path, int flags), char* COMMA int, (path, flags),
     is_name_below(AT_FDCWD, path), -1)
CALL(mkostemp64, (char* path, int flags), char* COMMA int, (path, flags),
     is_name_below(AT_FDCWD, path), -1)

char* mkdtemp(char* path) {
    REAL(char*, mkdtemp, char*);
    if (state != NULL && is_name_below(AT_FDCWD, path) && judge("mkdtemp", false) == FAIL)
        return NULL;
    return really(path);
}

// A socket with a path is an inode too.
int bind(int fd, const struct sockaddr* address, socklen_t size) {
    REAL(int, bind, int, const struct sockaddr*, socklen_t);
    if (state != NULL && address->sa_family == AF_UNIX && size > sizeof(sa_family_t)) {
        const char* path = ((const struct sockaddr_un*)address)->sun_path;
        if (path[0] != '\0' && is_name_below(AT_FDCWD, path) && judge("bind", false) == FAIL)
            return -1;
    }
    return really(fd, address, size);
}
