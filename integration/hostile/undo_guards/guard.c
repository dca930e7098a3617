// SPDX-License-Identifier: Apache-2.0

#define _GNU_SOURCE
#include "guard.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int attack_count;
const char* where = "own";

static char scratch[] = "/run/undo.XXXXXX";

void make_scratch(void) {
    if (mkdtemp(strcpy(scratch, "/run/undo.XXXXXX")) == NULL) {
        fprintf(stderr, "undo_guards: %s: %m\n", scratch);
        exit(2);
    }
}

const char* scratch_folder(void) {
    return scratch;
}

void say(const char* attack, const char* guard, int undone) {
    ++attack_count;
    printf("%s\t%s\t%s\t%s\n", where, attack, guard, undone ? "UNDONE" : "held");
    fflush(stdout);
}

/* The supervisor gives files in memory in place of settings of the machine. */
static int opens_for_writing(const char* path) {
    struct stat of_path;
    struct stat opened;
    int descriptor = open(path, O_WRONLY | O_CLOEXEC);
    int is_it = descriptor >= 0 && fstat(descriptor, &opened) == 0 && stat(path, &of_path) == 0 &&
                opened.st_dev == of_path.st_dev && opened.st_ino == of_path.st_ino;
    if (descriptor >= 0)
        close(descriptor);
    return is_it;
}

int changes_mode(const char* path) {
    struct stat before;
    struct stat after;
    if (stat(path, &before) != 0 || chmod(path, (before.st_mode & 07777) ^ S_IXOTH) != 0 ||
        stat(path, &after) != 0 || after.st_mode == before.st_mode)
        return 0;
    chmod(path, before.st_mode & 07777);
    return 1;
}

int is_open(const struct guard* guard, const char* path) {
    char file[8192];
    struct stat status;
    int descriptor;
    switch (guard->kind) {
        case FOLDER:
            snprintf(file, sizeof file, "%s/.undone-%d", path, getpid());
            descriptor = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
            if (descriptor < 0)
                return 0;
            close(descriptor);
            unlink(file);
            return 1;
        case WRITE_FILE:
            return opens_for_writing(path);
        case NODE:
            return stat(path, &status) == 0 && S_ISCHR(status.st_mode) && changes_mode(path);
        case SECRET:
            return access(path, F_OK) == 0;
    }
    return 0;
}

int joined_is_open(const struct guard* guard, const char* before, const char* after) {
    char path[8192];
    snprintf(path, sizeof path, "%s%s%s", before, *after == '/' || *after == '\0' ? "" : "/",
             after);
    return is_open(guard, path);
}

const char* parent_of(const char* path) {
    static char folder[4096];
    snprintf(folder, sizeof folder, "%s", path);
    char* slash = strrchr(folder, '/');
    slash[slash == folder] = '\0';
    return folder;
}
const char* name_of(const char* path) {
    return strrchr(path, '/') + 1;
}

const char* place_for(const char* like) {
    static char place[64];
    static int count;
    struct stat status;
    snprintf(place, sizeof place, "%s/%d", scratch, ++count);
    if (stat(like, &status) == 0 && !S_ISDIR(status.st_mode))
        close(open(place, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    else
        mkdir(place, 0700);
    return place;
}
