// SPDX-License-Identifier: Apache-2.0

/* same_mounts LIST PROGRAM [ARGUMENT...]: what a script of mount(8) would do, without an exec for
 * each line.
 *
 * A line of LIST is one system call or two, its words set apart by tabs:
 *     folder PATH | file PATH | link TEXT PATH | mount SOURCE PATH TYPE FLAGS DATA | enter PATH |
 * cd PATH "enter" makes PATH the root. Meant for `unshare --user --mount ...`. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int make_file(const char* path) {
    const int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    return file < 0 ? -1 : close(file);
}

static int enter(const char* root) {
    if (chdir(root) != 0 || syscall(SYS_pivot_root, ".", ".") != 0 || umount2(".", MNT_DETACH) != 0)
        return -1;
    return chdir("/");
}

static int carry_out(char** words) {
    const char* what = words[0];
    if (strcmp(what, "folder") == 0)
        return mkdir(words[1], 0755) == 0 || errno == EEXIST ? 0 : -1;
    if (strcmp(what, "file") == 0)
        return make_file(words[1]);
    if (strcmp(what, "link") == 0)
        return symlink(words[1], words[2]);
    if (strcmp(what, "mount") == 0)
        return mount(words[1], words[2], words[3], strtoul(words[4], NULL, 0), words[5]);
    if (strcmp(what, "enter") == 0)
        return enter(words[1]);
    if (strcmp(what, "cd") == 0)
        return chdir(words[1]);
    errno = EINVAL;
    return -1;
}

int main(int argc, char** argv) {
    FILE* list = argc > 2 ? fopen(argv[1], "re") : NULL;
    if (list == NULL) {
        perror("same_mounts");
        return 2;
    }
    char line[4096];
    while (fgets(line, sizeof line, list) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        char copy[sizeof line];
        strcpy(copy, line);
        char* words[7] = {""};
        char* rest = copy;
        for (int i = 0; i < 6; ++i)
            if ((words[i] = strsep(&rest, "\t")) == NULL)
                words[i] = "";
        if (carry_out(words) != 0) {
            fprintf(stderr, "same_mounts: %s: %s\n", line, strerror(errno));
            return 1;
        }
    }
    fclose(list);
    execv(argv[2], argv + 2);
    perror(argv[2]);
    return 127;
}
