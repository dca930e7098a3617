// SPDX-License-Identifier: Apache-2.0

// What libraries share that are preloaded (LD_PRELOAD) into one program. They act in the program
// that SCARCITY_PROGRAM names, as /proc/self/exe does, and count in the file that SCARCITY_STATE
// names.
#pragma once

#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

// The file's first `size` bytes, shared by all processes of the program; NULL in any other program.
// Asks the kernel itself, since `open` may be one of the calls that such a library replaces.
static void* shared_state(size_t size) {
    const char* program = getenv("SCARCITY_PROGRAM");
    const char* file = getenv("SCARCITY_STATE");
    char self[PATH_MAX];
    const ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (program == NULL || file == NULL || length < 0)
        return NULL;
    self[length] = '\0';
    if (strcmp(self, program) != 0)
        return NULL;
    const int fd = (int)syscall(SYS_openat, AT_FDCWD, file, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    void* shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    return shared == MAP_FAILED ? NULL : shared;
}
