// SPDX-License-Identifier: Apache-2.0

/* world_probe's questions about mounts: what is mounted where, and what a program may mount,
 * remount and unmount. */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe.h"

/* "tmpfs nosuid,nodev,noexec": the type of the topmost mount on a point, and the flags that bite.
 */
static void probe_mount(const char* point) {
    char line[8192];
    char found[512] = "none";
    FILE* file = fopen("/proc/self/mountinfo", "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        char where[4096];
        char options[1024];
        char type[64];
        const char* rest = strstr(line, " - ");
        if (rest == NULL || sscanf(rest, " - %63s", type) != 1 ||
            sscanf(line, "%*s %*s %*s %*s %4095s %1023s", where, options) != 2 ||
            strcmp(where, point) != 0)
            continue;
        snprintf(found, sizeof found, "%s", type);
        for (char* option = strtok(options, ","); option != NULL; option = strtok(NULL, ","))
            if (strstr("ro nosuid nodev noexec", option) != NULL) {
                strncat(found, strchr(found, ' ') == NULL ? " " : ",",
                        sizeof found - strlen(found) - 1);
                strncat(found, option, sizeof found - strlen(found) - 1);
            }
    }
    if (file != NULL)
        fclose(file);
    char name[128];
    snprintf(name, sizeof name, "mount.%s", point);
    say(name, "%s", found);
}

/* Each of these runs in a mount namespace of its own, from which nothing propagates. */
static int mount_tmpfs(void) {
    return mount("tmpfs", "/tmp", "tmpfs", 0, "size=4096");
}
static int mount_proc(void) {
    return mount("proc", "/tmp", "proc", 0, NULL);
}
static int mount_proc_of_new_pid_namespace(void) {
    if (unshare(CLONE_NEWPID) != 0)
        return -1;
    pid_t child = fork();
    if (child == 0)
        _exit(mount_proc() == 0 ? 0 : errno);
    int status = 0;
    waitpid(child, &status, 0);
    errno = WEXITSTATUS(status);
    return errno == 0 ? 0 : -1;
}
static int mount_sysfs(void) {
    return mount("sysfs", "/tmp", "sysfs", 0, NULL);
}
static int mount_cgroup(void) {
    return mount("cgroup2", "/tmp", "cgroup2", 0, NULL);
}
static int remount_root(void) {
    return mount(NULL, "/", NULL, MS_REMOUNT, NULL);
}
static int remount_run_executable(void) {
    return mount(NULL, "/run", NULL, MS_REMOUNT | MS_BIND | MS_NOSUID | MS_NODEV, NULL);
}
static int remount_tmp_executable(void) {
    return mount(NULL, "/tmp", NULL, MS_REMOUNT | MS_BIND | MS_NOSUID | MS_NODEV, NULL);
}
static int unmount_run(void) {
    return umount2("/run", 0);
}
static int unmount_proc(void) {
    return umount2("/proc", MNT_DETACH);
}
static int remount_device(void) {
    return mount(NULL, "/dev/null", NULL, MS_REMOUNT | MS_BIND, NULL);
}
static int unmount_device(void) {
    return umount2("/dev/null", MNT_DETACH);
}
static int remount_directory(void) {
    char here[4096];
    return getcwd(here, sizeof here) == NULL ? -1
                                             : mount(NULL, here, NULL, MS_REMOUNT | MS_BIND, NULL);
}
static int remount_sysctls(void) {
    return mount(NULL, "/proc/sys", NULL, MS_REMOUNT | MS_BIND, NULL);
}

static int (*mounting)(void);
static int in_own_mount_namespace(void) {
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
        return -1;
    return mounting();
}

static void say_mounting(const char* name, int (*work)(void)) {
    mounting = work;
    say(name, "%s", in_child(in_own_mount_namespace));
}

void probe_mounts(void) {
    static const char* const points[] = {"/",        "/dev", "/proc",    "/run",           "/tmp",
                                         "/dev/shm", "/sys", "/dev/pts", "/sys/fs/cgroup", "/home"};
    for (size_t i = 0; i < sizeof points / sizeof points[0]; ++i)
        probe_mount(points[i]);
    say_mounting("mount.may_mount", mount_tmpfs);
    say_mounting("mount.may_mount.proc", mount_proc);
    say_mounting("mount.may_mount.proc_of_new_pid_namespace", mount_proc_of_new_pid_namespace);
    say_mounting("mount.may_mount.sysfs", mount_sysfs);
    say_mounting("mount.may_mount.cgroup", mount_cgroup);
    say_mounting("mount.may_remount./", remount_root);
    say_mounting("mount.may_remount./run", remount_run_executable);
    say_mounting("mount.may_remount./tmp", remount_tmp_executable);
    say_mounting("mount.may_unmount./run", unmount_run);
    say_mounting("mount.may_unmount./proc", unmount_proc);
    say_mounting("mount.may_remount./dev/null", remount_device);
    say_mounting("mount.may_unmount./dev/null", unmount_device);
    say_mounting("mount.may_remount.directory", remount_directory);
    say_mounting("mount.may_remount./proc/sys", remount_sysctls);
}
