// SPDX-License-Identifier: Apache-2.0

/* Attacks on one guard each: what it protects is to be open afterwards, at its own place or at
 * another one. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guard.h"

struct attributes {
    uint64_t set, clear, propagation, user_namespace;
};

static int set_attributes(int directory, const char* path, unsigned flags,
                          struct attributes change) {
    return (int)syscall(CALL_MOUNT_SETATTR, directory, path, flags, &change, sizeof change);
}
static int make_writable(const char* path) {
    return mount(NULL, path, NULL, MS_REMOUNT | MS_BIND, NULL);
}

typedef int attack_on(const struct guard* guard);

static int nothing(const struct guard* guard) {
    return is_open(guard, guard->path);
}
static int remount_bind(const struct guard* guard) {
    make_writable(guard->path);
    return is_open(guard, guard->path);
}
/* The mount that the guard lies in, where it is not a mount itself. */
static int remount_parent(const struct guard* guard) {
    make_writable(parent_of(guard->path));
    return is_open(guard, guard->path);
}
static int remount_super_block(const struct guard* guard) {
    mount(NULL, guard->path, NULL, MS_REMOUNT, NULL);
    return is_open(guard, guard->path);
}
static int reconfigure_super_block(const struct guard* guard) {
    int picked = (int)syscall(CALL_FSPICK, AT_FDCWD, guard->path, 0);
    if (picked >= 0) {
        syscall(CALL_FSCONFIG, picked, CONFIG_SET_FLAG, "rw", NULL, 0);
        syscall(CALL_FSCONFIG, picked, CONFIG_RECONFIGURE, NULL, NULL, 0);
        close(picked);
    }
    return is_open(guard, guard->path);
}
static int set_attributes_of_mount(const struct guard* guard) {
    set_attributes(AT_FDCWD, guard->path, RECURSIVE, (struct attributes){.clear = READ_ONLY});
    set_attributes(AT_FDCWD, "/", RECURSIVE, (struct attributes){.clear = READ_ONLY});
    return is_open(guard, guard->path);
}
static int unmount(const struct guard* guard) {
    umount2(guard->path, 0);
    return is_open(guard, guard->path);
}
static int detach(const struct guard* guard) {
    umount2(guard->path, MNT_DETACH);
    return is_open(guard, guard->path);
}
static int force(const struct guard* guard) {
    umount2(guard->path, MNT_FORCE);
    return is_open(guard, guard->path);
}
static int detach_parent(const struct guard* guard) {
    umount2(parent_of(guard->path), MNT_DETACH);
    return is_open(guard, guard->path);
}
static int move(const struct guard* guard) {
    const char* place = place_for(guard->path);
    if (mount(guard->path, place, NULL, MS_MOVE, NULL) != 0)
        return is_open(guard, guard->path);
    make_writable(place);
    return is_open(guard, guard->path) || is_open(guard, place);
}
static int move_new_call(const struct guard* guard) {
    const char* place = place_for(guard->path);
    if (syscall(CALL_MOVE_MOUNT, AT_FDCWD, guard->path, AT_FDCWD, place, 0) != 0)
        return is_open(guard, guard->path);
    return is_open(guard, guard->path) || is_open(guard, place);
}
static int bind_copy(const struct guard* guard) {
    const char* place = place_for(guard->path);
    if (mount(guard->path, place, NULL, MS_BIND | MS_REC, NULL) != 0)
        return 0;
    make_writable(place);
    set_attributes(AT_FDCWD, place, RECURSIVE, (struct attributes){.clear = READ_ONLY});
    int open_there = is_open(guard, place);
    umount2(place, MNT_DETACH);
    return open_there;
}
static int clone_copy(const struct guard* guard) {
    int tree = (int)syscall(CALL_OPEN_TREE, AT_FDCWD, guard->path, CLONE_TREE | O_CLOEXEC);
    if (tree < 0)
        return 0;
    set_attributes(tree, "", AT_EMPTY_PATH | RECURSIVE, (struct attributes){.clear = READ_ONLY});
    const char* place = place_for(guard->path);
    int open_there = 0;
    if (syscall(CALL_MOVE_MOUNT, tree, "", AT_FDCWD, place, FROM_DESCRIPTOR) == 0) {
        make_writable(place);
        open_there = is_open(guard, place);
        umount2(place, MNT_DETACH);
    }
    close(tree);
    return open_there;
}
/* Without what is mounted below: would show what the guard covers. */
static int bind_parent(const struct guard* guard) {
    const char* parent = parent_of(guard->path);
    const char* place = place_for(parent);
    mount(parent, place, NULL, MS_BIND, NULL);
    make_writable(place);
    int open_there = joined_is_open(guard, place, name_of(guard->path));
    umount2(place, MNT_DETACH);
    return open_there;
}
static int bind_root(const struct guard* guard) {
    const char* place = place_for("/");
    mount("/", place, NULL, MS_BIND, NULL);
    int open_there = joined_is_open(guard, place, guard->path);
    umount2(place, MNT_DETACH);
    return open_there;
}
static int clone_parent(const struct guard* guard) {
    int tree =
        (int)syscall(CALL_OPEN_TREE, AT_FDCWD, parent_of(guard->path), CLONE_TREE | O_CLOEXEC);
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", tree);
    return tree >= 0 && joined_is_open(guard, path, name_of(guard->path));
}
/* With what is mounted below, to be unmounted in the copy. */
static int unmount_in_copy(const struct guard* guard) {
    char inner[8192];
    const char* place = place_for("/");
    mount("/", place, NULL, MS_BIND | MS_REC, NULL);
    snprintf(inner, sizeof inner, "%s%s", place, guard->path);
    make_writable(inner);
    int open_there = is_open(guard, inner);
    umount2(inner, MNT_DETACH);
    open_there |= is_open(guard, inner);
    umount2(place, MNT_DETACH);
    return open_there;
}
static int cover_with_tmpfs(const struct guard* guard) {
    if (mount("tmpfs", guard->path, "tmpfs", 0, NULL) == 0)
        umount2(guard->path, MNT_DETACH);
    return is_open(guard, guard->path);
}
static int share_and_unmount_in_peer(const struct guard* guard) {
    mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL);
    pid_t child = fork();
    if (child == 0) {
        if (unshare(CLONE_NEWNS) == 0)
            umount2(guard->path, MNT_DETACH);
        _exit(0);
    }
    waitpid(child, NULL, 0);
    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
    return is_open(guard, guard->path);
}
static int remove_mount_point(const struct guard* guard) {
    char beside[8192];
    snprintf(beside, sizeof beside, "%s.moved", guard->path);
    if (rename(guard->path, beside) == 0)
        rename(beside, guard->path);
    rmdir(guard->path);
    return is_open(guard, guard->path);
}
static int map_ids(const struct guard* guard) {
    int tree = (int)syscall(CALL_OPEN_TREE, AT_FDCWD, guard->path, CLONE_TREE | O_CLOEXEC);
    int user_namespace = open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC);
    int mapped = set_attributes(
        tree, "", AT_EMPTY_PATH,
        (struct attributes){.set = MAPPED_IDS, .user_namespace = (uint64_t)user_namespace});
    close(user_namespace);
    close(tree);
    return mapped == 0;
}
static int pivot(const struct guard* guard) {
    char old[8192];
    pid_t child = fork();
    if (child == 0) {
        /* In a mount namespace of its own, or nothing would be left to attack. */
        if (unshare(CLONE_NEWNS) != 0 || mount("tmpfs", scratch_folder(), "tmpfs", 0, NULL) != 0 ||
            chdir(scratch_folder()) != 0 || mkdir("old", 0700) != 0 ||
            syscall(SYS_pivot_root, ".", "old") != 0 || chroot(".") != 0)
            _exit(0);
        snprintf(old, sizeof old, "/old%s", guard->path);
        int opened = is_open(guard, old);
        make_writable(old);
        opened |= is_open(guard, old);
        umount2(old, MNT_DETACH);
        opened |= is_open(guard, old);
        int inside = open(parent_of(old), O_PATH | O_DIRECTORY | O_CLOEXEC);
        umount2("/old", MNT_DETACH);
        opened |= inside >= 0 && fchdir(inside) == 0 && is_open(guard, name_of(guard->path));
        _exit(opened ? 1 : 0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return status != 0;
}
/* chroot(2) into a folder and up from what was opened before: to the root of the mount namespace,
 * and no further. */
static int leave_root(const struct guard* guard) {
    pid_t child = fork();
    if (child == 0) {
        int before = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (chroot(scratch_folder()) != 0 || fchdir(before) != 0)
            _exit(0);
        for (int i = 0; i < 64; ++i)
            if (chdir("..") != 0)
                _exit(0);
        if (chroot(".") != 0)
            _exit(0);
        _exit(is_open(guard, guard->path) ? 1 : 0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return status != 0;
}
static int by_handle(const struct guard* guard) {
    struct {
        struct file_handle head;
        unsigned char bytes[MAX_HANDLE_SZ];
    } handle = {.head.handle_bytes = MAX_HANDLE_SZ};
    int mount_id;
    int opened = 0;
    const char* const mounts[] = {guard->path, "/", "/root", "/run", "/tmp", "/usr"};
    if (name_to_handle_at(AT_FDCWD, guard->path, &handle.head, &mount_id, 0) != 0)
        return 0;
    for (size_t i = 0; i < sizeof mounts / sizeof mounts[0]; ++i) {
        char path[64];
        int mount_fd = open(mounts[i], O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        int file = open_by_handle_at(mount_fd, &handle.head, O_PATH | O_CLOEXEC);
        snprintf(path, sizeof path, "/proc/self/fd/%d", file);
        opened |= file >= 0 && is_open(guard, path);
        close(file);
        close(mount_fd);
    }
    return opened;
}
/* The root folder of the file system that a bound folder lies in: inode 2 of ext4. */
static int by_handle_of_file_systems_root(const struct guard* guard) {
    struct {
        struct file_handle head;
        uint32_t inode, generation;
    } handle = {.head = {.handle_bytes = 8, .handle_type = 1}, .inode = 2};
    int mount_fd = open(guard->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int file = open_by_handle_at(mount_fd, &handle.head, O_PATH | O_CLOEXEC);
    close(file);
    close(mount_fd);
    return file >= 0 && guard->kind == FOLDER;
}
static int by_new_node(const struct guard* guard) {
    static const char* const folders[] = {"/run", "/tmp", "/root", "/dev", "/"};
    static const mode_t types[] = {S_IFBLK, S_IFCHR};
    struct stat status;
    int opened = 0;
    if (stat(guard->path, &status) != 0)
        return 0;
    dev_t number = S_ISCHR(status.st_mode) ? status.st_rdev : status.st_dev;
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; ++i)
        for (size_t type = 0; type < 2; ++type) {
            char path[64];
            snprintf(path, sizeof path, "%s/node-%d", folders[i], getpid());
            if (mknod(path, types[type] | 0600, number) != 0)
                continue;
            /* A device of the sandbox's may be there under another name; its node may not be the
             * program's. */
            int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
            opened |= guard->kind == NODE ? changes_mode(path) : file >= 0;
            close(file);
            umount2(path, MNT_DETACH);
            unlink(path);
        }
    return opened;
}
/* A new procfs or sysfs; where the guard lies in one, it would be open there. */
static int in_new_mount(const struct guard* guard, const char* type, const char* point,
                        unsigned long flags, const char* options) {
    const char* place = place_for("/");
    if (strncmp(guard->path, point, strlen(point)) != 0 ||
        mount(type, place, type, flags, options) != 0)
        return 0;
    make_writable(place);
    mount(NULL, place, NULL, MS_REMOUNT, NULL);
    int opened = joined_is_open(guard, place, guard->path + strlen(point));
    umount2(place, MNT_DETACH);
    return opened;
}
static int new_proc(const struct guard* guard) {
    return in_new_mount(guard, "proc", "/proc", 0, NULL);
}
static int new_proc_read_only(const struct guard* guard) {
    return in_new_mount(guard, "proc", "/proc", MS_RDONLY, NULL);
}
static int new_proc_of_processes(const struct guard* guard) {
    return in_new_mount(guard, "proc", "/proc", 0, "subset=pid");
}
static int new_sysfs(const struct guard* guard) {
    return in_new_mount(guard, "sysfs", "/sys", 0, NULL);
}
static int new_sysfs_read_only(const struct guard* guard) {
    return in_new_mount(guard, "sysfs", "/sys", MS_RDONLY, NULL);
}
static int new_sysfs_of_new_network(const struct guard* guard) {
    pid_t child = fork();
    if (child == 0)
        _exit(unshare(CLONE_NEWNET) == 0 && in_new_mount(guard, "sysfs", "/sys", 0, NULL));
    int status = 0;
    waitpid(child, &status, 0);
    return status != 0;
}
static int new_mount_by_steps(const struct guard* guard) {
    const char* type = strncmp(guard->path, "/sys", 4) == 0 ? "sysfs" : "proc";
    const char* point = *type == 's' ? "/sys" : "/proc";
    int opened = 0;
    int context = (int)syscall(CALL_FSOPEN, type, 0);
    if (context < 0)
        return 0;
    if (syscall(CALL_FSCONFIG, context, CONFIG_CREATE, NULL, NULL, 0) == 0) {
        int made = (int)syscall(CALL_FSMOUNT, context, 0, 0);
        char path[64];
        snprintf(path, sizeof path, "/proc/self/fd/%d", made);
        opened = made >= 0 && strncmp(guard->path, point, strlen(point)) == 0 &&
                 joined_is_open(guard, path, guard->path + strlen(point));
        close(made);
    }
    close(context);
    return opened;
}

static const struct {
    const char* name;
    attack_on* run;
} attacks_on[] = {
    {"nothing", nothing},
    {"remount,bind,rw", remount_bind},
    {"remount,bind,rw of its folder", remount_parent},
    {"remount of the file system", remount_super_block},
    {"fsconfig rw", reconfigure_super_block},
    {"mount_setattr", set_attributes_of_mount},
    {"umount", unmount},
    {"umount, detached", detach},
    {"umount, forced", force},
    {"umount of its folder", detach_parent},
    {"mount --move", move},
    {"move_mount", move_new_call},
    {"bind elsewhere, remount", bind_copy},
    {"open_tree, mount_setattr", clone_copy},
    {"bind of its folder alone", bind_parent},
    {"bind of the root alone", bind_root},
    {"open_tree of its folder alone", clone_parent},
    {"umount in a recursive bind", unmount_in_copy},
    {"tmpfs over it, and umount", cover_with_tmpfs},
    {"umount in a peer of a shared mount", share_and_unmount_in_peer},
    {"rename and rmdir of the mount point", remove_mount_point},
    {"id-mapped mount", map_ids},
    {"pivot_root", pivot},
    {"out of a chroot", leave_root},
    {"open_by_handle_at", by_handle},
    {"open_by_handle_at of inode 2", by_handle_of_file_systems_root},
    {"mknod", by_new_node},
    {"new procfs", new_proc},
    {"new procfs, read-only and remounted", new_proc_read_only},
    {"new procfs, subset=pid", new_proc_of_processes},
    {"new sysfs", new_sysfs},
    {"new sysfs, read-only and remounted", new_sysfs_read_only},
    {"new sysfs of a new network namespace", new_sysfs_of_new_network},
    {"fsopen, fsmount", new_mount_by_steps},
};

void attack_guards(const struct guard* guards, int count) {
    for (size_t attack = 0; attack < sizeof attacks_on / sizeof attacks_on[0]; ++attack)
        for (int i = 0; i < count; ++i)
            say(attacks_on[attack].name, guards[i].path, attacks_on[attack].run(&guards[i]));
}
