// SPDX-License-Identifier: Apache-2.0

/* start_stamp: the moment main begins, on CLOCK_MONOTONIC, in nanoseconds.
 * start_stamp before COMMAND...: the moment before COMMAND is executed, by this process. */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char** argv) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    const int is_before = argc > 2 && strcmp(argv[1], "before") == 0;
    printf("%s %lld\n", is_before ? "before" : "main", now.tv_sec * 1000000000LL + now.tv_nsec);
    fflush(stdout);
    if (!is_before)
        return 0;
    execv(argv[2], argv + 2);
    perror(argv[2]);
    return 127;
}
