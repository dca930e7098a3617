// SPDX-License-Identifier: Apache-2.0

/* undo_guards: a hostile program that tries to undo what a sandbox guards.
 *
 *   undo_guards [--folder DIR | --file FILE | --node DEVICE | --secret PATH | --key KEYRING,KEY]...
 *
 * --folder: a folder in which nothing may be made.       --file: a file that may not be opened for
 * writing.
 * --node:   a node whose mode may not be changed.        --secret: a path of the machine's that may
 * not be seen.
 * --key:    the serial numbers of a keyring and of a key in it, which may not be reached.
 *
 * For every attack it prints "WHERE<TAB>ATTACK<TAB>GUARD<TAB>held" or "...<TAB>UNDONE", and in the
 * end the number of attacks. WHERE says in which namespaces it was: the program's own, or new ones
 * below. It changes nothing of the machine even where it succeeds: a made file is removed, a file
 * is only opened, a mode is set to what it is.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guard.h"

#define GUARDS_MAX 64

static struct guard guards[GUARDS_MAX];
static int guard_count;
static int guarded_keyring;
static int guarded_key;

static void write_text(const char* path, const char* text) {
    int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0 || write(file, text, strlen(text)) < 0)
        fprintf(stderr, "undo_guards: write %s: %m\n", path);
    close(file);
}

static void attack_all(void) {
    make_scratch();
    attack_guards(guards, guard_count);
    attack_by_file_systems();
    attack_namespaces();
    attack_first_process();
    if (guarded_key != 0)
        attack_key(guarded_keyring, guarded_key);
    attack_modes("/proc");
    attack_modes("/sys");
}

/* In a child with these namespaces, as root there, and as PID 1 of a new PID namespace; the number
 * of attacks comes back by a pipe. */
static void attack_all_in(const char* name, int namespaces) {
    int ends[2];
    char map[64];
    int uid = (int)getuid();
    int gid = (int)getgid();
    if (pipe(ends) != 0)
        exit(2);
    pid_t child = fork();
    if (child == 0) {
        where = name;
        attack_count = 0;
        if (unshare(namespaces) != 0) {
            fprintf(stderr, "undo_guards: unshare for %s: %m\n", name);
            _exit(2);
        }
        if ((namespaces & CLONE_NEWUSER) != 0) {
            write_text("/proc/self/setgroups", "deny");
            snprintf(map, sizeof map, "0 %d 1", uid);
            write_text("/proc/self/uid_map", map);
            snprintf(map, sizeof map, "0 %d 1", gid);
            write_text("/proc/self/gid_map", map);
        }
        pid_t grandchild = fork();
        if (grandchild == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            attack_all();
            _exit(write(ends[1], &attack_count, sizeof attack_count) == sizeof attack_count ? 0
                                                                                            : 2);
        }
        int status = 0;
        waitpid(grandchild, &status, 0);
        _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 2);
    }
    close(ends[1]);
    int count = 0;
    int status = 0;
    if (read(ends[0], &count, sizeof count) != sizeof count) {
        fprintf(stderr, "undo_guards: the attacks in %s did not come to their end\n", name);
        exit(2);
    }
    close(ends[0]);
    waitpid(child, &status, 0);
    attack_count += count;
}

int main(int argc, char** argv) {
    static const char* const options[] = {"--folder", "--file", "--node", "--secret"};
    for (int i = 1; i + 1 < argc; i += 2)
        for (int kind = FOLDER; kind <= SECRET; ++kind)
            if (strcmp(argv[i], options[kind]) == 0 && guard_count < GUARDS_MAX)
                guards[guard_count++] = (struct guard){(enum kind)kind, argv[i + 1]};
    for (int i = 1; i + 1 < argc; i += 2)
        if (strcmp(argv[i], "--key") == 0 &&
            sscanf(argv[i + 1], "%d,%d", &guarded_keyring, &guarded_key) != 2)
            return 2;
    signal(SIGPIPE, SIG_IGN);
    attack_all_in("new mount namespace", CLONE_NEWNS);
    attack_all_in("new user and mount namespaces", CLONE_NEWUSER | CLONE_NEWNS);
    attack_all_in("new user, mount and PID namespaces", CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID);
    attack_all_in("new user, mount, PID, network and IPC namespaces",
                  CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC);
    attack_all();
    printf("attacks\t%d\n", attack_count);
    return 0;
}
