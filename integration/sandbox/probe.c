// SPDX-License-Identifier: Apache-2.0

#define _GNU_SOURCE
#include "probe.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

void say(const char* name, const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    printf("%s\t", name);
    vprintf(format, arguments);
    putchar('\n');
    va_end(arguments);
    fflush(stdout);
}

/* "ok", or the name of errno. */
const char* outcome(int result) {
    return result >= 0 ? "ok" : strerrorname_np(errno);
}

void say_outcome(const char* name, int result) {
    say(name, "%s", outcome(result));
}

/* The first line of a file without its newline; errno's name where it can't be read. */
const char* first_line(const char* path) {
    static char line[4096];
    FILE* file = fopen(path, "re");
    if (file == NULL)
        return strerrorname_np(errno);
    errno = 0;
    if (fgets(line, sizeof line, file) == NULL)
        snprintf(line, sizeof line, "%s", errno == 0 ? "" : strerrorname_np(errno));
    line[strcspn(line, "\n")] = '\0';
    fclose(file);
    return line;
}

int count_lines(const char* path) {
    char line[4096];
    int count = 0;
    FILE* file = fopen(path, "re");
    if (file == NULL)
        return -1;
    while (fgets(line, sizeof line, file) != NULL)
        ++count;
    fclose(file);
    return count;
}

/* Runs `work` in a child; its exit status is errno, 0 for success. */
const char* in_child(int (*work)(void)) {
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        errno = 0;
        _exit(work() >= 0 ? 0 : errno);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) < 0)
        return "no child";
    if (WIFSIGNALED(status))
        return strsignal(WTERMSIG(status));
    return WEXITSTATUS(status) == 0 ? "ok" : strerrorname_np(WEXITSTATUS(status));
}
