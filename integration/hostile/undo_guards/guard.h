// SPDX-License-Identifier: Apache-2.0

/* What a sandbox guards, and whether it still does. */
#pragma once

#include <stdint.h>
#include <sys/syscall.h>

/* Of <linux/mount.h> and the newest <asm/unistd.h>: glibc 2.36's <sys/mount.h> collides with the
 * first, older ones lack both. */
enum {
    CLONE_TREE = 1,         /* OPEN_TREE_CLONE */
    RECURSIVE = 0x8000,     /* AT_RECURSIVE */
    FROM_DESCRIPTOR = 0x4,  /* MOVE_MOUNT_F_EMPTY_PATH */
    READ_ONLY = 1,          /* MOUNT_ATTR_RDONLY */
    MAPPED_IDS = 0x100000,  /* MOUNT_ATTR_IDMAP */
    CONFIG_SET_FLAG = 0,    /* FSCONFIG_SET_FLAG */
    CONFIG_CREATE = 6,      /* FSCONFIG_CMD_CREATE */
    CONFIG_RECONFIGURE = 7, /* FSCONFIG_CMD_RECONFIGURE */
    CALL_OPEN_TREE = 428,
    CALL_MOVE_MOUNT = 429,
    CALL_FSOPEN = 430,
    CALL_FSCONFIG = 431,
    CALL_FSMOUNT = 432,
    CALL_FSPICK = 433,
    CALL_PIDFD_OPEN = 434,
    CALL_PIDFD_GETFD = 438,
    CALL_MOUNT_SETATTR = 442,
};

enum kind { FOLDER, WRITE_FILE, NODE, SECRET };
struct guard {
    enum kind kind;
    const char* path;
};

/* In which namespaces the attacks are made, for the output; and how many have been made. */
extern const char* where;
extern int attack_count;
void say(const char* attack, const char* guard, int undone);

/* Whether chmod(2) changes the mode, and not only says so. It is changed back. */
int changes_mode(const char* path);

/* Whether what the guard protects is open at `path`: the guard's own, or where a copy would be. */
int is_open(const struct guard* guard, const char* path);
int joined_is_open(const struct guard* guard, const char* before, const char* after);

/* "/a/b/c": the folder is "/a/b" and the name "c". */
const char* parent_of(const char* path);
const char* name_of(const char* path);

/* A folder of this process's for what attacks mount. */
void make_scratch(void);
const char* scratch_folder(void);
/* A new place there to mount `like` on: a folder, or a file where `like` is none. */
const char* place_for(const char* like);

/* mount_attacks.c: each attack on each guard. */
void attack_guards(const struct guard* guards, int count);
/* reach_attacks.c: PID 1, the namespaces above, file systems that show the machine, modes of procfs
 * and sysfs. */
void attack_first_process(void);
void attack_namespaces(void);
void attack_by_file_systems(void);
void attack_modes(const char* top);
/* key_attacks.c: a key, and the keyring that it is in, by their serial numbers. */
void attack_key(int keyring, int key);
