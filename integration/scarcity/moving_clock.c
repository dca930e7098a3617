// SPDX-License-Identifier: Apache-2.0

// Preloaded (LD_PRELOAD): the wall clock is ahead of the machine's by as many seconds as the file
// SCARCITY_CLOCK says, a signed 64-bit number, at any moment. The monotonic clocks are the
// machine's.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t* ahead;

__attribute__((constructor)) static void begin(void) {
    const char* file = getenv("SCARCITY_CLOCK");
    const int fd = file == NULL ? -1 : open(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    void* shared = mmap(NULL, sizeof *ahead, PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    if (shared != MAP_FAILED)
        ahead = shared;
}

static time_t offset(void) {
    return ahead == NULL ? 0 : (time_t)*ahead;
}

int clock_gettime(clockid_t clock, struct timespec* now) {
    static int (*really)(clockid_t, struct timespec*);
    if (really == NULL)
        really = (int (*)(clockid_t, struct timespec*))dlsym(RTLD_NEXT, "clock_gettime");
    const int result = really(clock, now);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        now->tv_sec += offset();
    return result;
}

int gettimeofday(struct timeval* restrict now, void* restrict zone) {
    static int (*really)(struct timeval* restrict, void* restrict);
    if (really == NULL)
        really =
            (int (*)(struct timeval* restrict, void* restrict))dlsym(RTLD_NEXT, "gettimeofday");
    const int result = really(now, zone);
    if (result == 0)
        now->tv_sec += offset();
    return result;
}

time_t time(time_t* kept) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (kept != NULL)
        *kept = now.tv_sec;
    return now.tv_sec;
}
