// SPDX-License-Identifier: Apache-2.0

// Preloaded (LD_PRELOAD) into one program: its n-th request for memory is refused, as on a machine
// that has none left.
//
//   SCARCITY_STATE     a file of struct State, shared by all processes of the program
//   SCARCITY_SPARED    functions of the program, as BEGIN-END in hexadecimal, separated by blanks:
//                      nothing is refused while one of them runs
//
// A process that dies of a refusal says whose code it was in: a line for each frame, as
// backtrace_symbols_fd(3) has it.
//
// Counted: malloc, calloc, realloc, and what asks for an alignment; operator new calls malloc. What
// the dynamic loader and libc ask for by other names is not seen.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <link.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "preloaded.h"

struct State {
    _Atomic unsigned requests;
    unsigned failing;     // 1 is the first request; 0: none is refused
    unsigned stays_gone;  // 1: all that follow are refused too
    _Atomic unsigned refused;
};

static struct State* state;

static void watch_for_death(void);

enum { SPARED_MAX = 8, FRAMES_MAX = 32 };
static struct { uintptr_t begin, end; } spared[SPARED_MAX];
static int spared_count;

// The first object is the program.
static int take_base(struct dl_phdr_info* object, size_t size, void* base) {
    (void)size;
    *(uintptr_t*)base = object->dlpi_addr;
    return 1;
}

static void read_spared(const char* text) {
    uintptr_t base = 0;
    dl_iterate_phdr(take_base, &base);
    int read = 0;
    while (spared_count < SPARED_MAX &&
           sscanf(text, " %" SCNxPTR "-%" SCNxPTR "%n", &spared[spared_count].begin,
                  &spared[spared_count].end, &read) == 2) {
        spared[spared_count].begin += base;
        spared[spared_count].end += base;
        ++spared_count;
        text += read;
    }
}

static bool is_spared(void) {
    void* frames[FRAMES_MAX];
    const int count = spared_count == 0 ? 0 : backtrace(frames, FRAMES_MAX);
    for (int i = 0; i < count; ++i)
        for (int one = 0; one < spared_count; ++one)
            if ((uintptr_t)frames[i] >= spared[one].begin && (uintptr_t)frames[i] < spared[one].end)
                return true;
    return false;
}

__attribute__((constructor)) static void begin(void) {
    struct State* const shared = shared_state(sizeof *shared);
    if (shared == NULL)
        return;
    watch_for_death();
    if (getenv("SCARCITY_SPARED") != NULL)
        read_spared(getenv("SCARCITY_SPARED"));
    state = shared;
}

static void tell_of_death(int signal) {
    static atomic_flag is_told = ATOMIC_FLAG_INIT;
    while (atomic_flag_test_and_set(&is_told))
        pause();  // another thread dies already
    void* frames[24];
    state = NULL;  // the frames take memory to find
    backtrace_symbols_fd(frames, backtrace(frames, 24), STDERR_FILENO);
    struct sigaction action = {.sa_handler = SIG_DFL};
    sigaction(signal, &action, NULL);
    raise(signal);
}

static void watch_for_death(void) {
    void* frame[1];
    backtrace(frame, 1);  // which loads what it needs
    struct sigaction action = {.sa_handler = tell_of_death, .sa_flags = SA_NODEFER};
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGABRT, &action, NULL);
}

static bool is_refused(void) {
    if (state == NULL)
        return false;
    const unsigned request = atomic_fetch_add(&state->requests, 1) + 1;
    if (state->failing == 0 || request < state->failing ||
        (request > state->failing && state->stays_gone == 0))
        return false;
    if (is_spared())
        return false;
    atomic_fetch_add(&state->refused, 1);
    errno = ENOMEM;
    return true;
}

// glibc's own names for the functions that this library hides: dlsym() would ask for memory itself.
extern void* __libc_malloc(size_t size);
extern void* __libc_calloc(size_t count, size_t size);
extern void* __libc_realloc(void* old, size_t size);
extern void* __libc_memalign(size_t alignment, size_t size);

void* malloc(size_t size) {
    return is_refused() ? NULL : __libc_malloc(size);
}

void* calloc(size_t count, size_t size) {
    return is_refused() ? NULL : __libc_calloc(count, size);
}

void* realloc(void* old, size_t size) {
    return is_refused() ? NULL : __libc_realloc(old, size);
}

void* aligned_alloc(size_t alignment, size_t size) {
    return is_refused() ? NULL : __libc_memalign(alignment, size);
}

int posix_memalign(void** result, size_t alignment, size_t size) {
    void* const made = is_refused() ? NULL : __libc_memalign(alignment, size);
    if (made == NULL)
        return ENOMEM;
    *result = made;
    return 0;
}
