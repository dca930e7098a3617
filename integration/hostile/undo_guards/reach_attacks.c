// SPDX-License-Identifier: Apache-2.0

/* Attacks that reach for what lies outside: PID 1, the namespaces above, the machine's file systems
 * and modes. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guard.h"

/* <linux/nsfs.h> */
#define NS_GET_USERNS _IO(0xb7, 0x1)
#define NS_GET_PARENT _IO(0xb7, 0x2)

/* The names of its entries may be seen, not what they lead to. */
static int has_readable_link(int folder) {
    char text[64];
    struct dirent* entry;
    int found = 0;
    DIR* listing = fdopendir(dup(folder));
    while (listing != NULL && !found && (entry = readdir(listing)) != NULL)
        found = readlinkat(folder, entry->d_name, text, sizeof text) >= 0;
    if (listing != NULL)
        closedir(listing);
    return found;
}

void attack_first_process(void) {
    static const char* const files[] = {"root/.", "cwd/.",   "exe",       "fd",     "map_files",
                                        "mem",    "environ", "maps",      "ns/mnt", "ns/user",
                                        "ns/pid", "ns/net",  "ns/cgroup", "syscall"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; ++i) {
        char path[64];
        snprintf(path, sizeof path, "/proc/1/%s", files[i]);
        int file = open(path, O_RDONLY | O_CLOEXEC);
        char byte;
        int shows = file >= 0;
        if (strcmp(files[i], "fd") == 0 || strcmp(files[i], "map_files") == 0)
            shows = shows && has_readable_link(file);
        else if (strncmp(files[i], "ns/", 3) != 0 && strchr(files[i], '.') == NULL)
            shows = shows && read(file, &byte, 1) > 0;
        say(path, "PID 1", shows);
        close(file);
    }
    if (getpid() == 1)
        return; /* of a new PID namespace: no other has the number */
    long traced = ptrace(PTRACE_SEIZE, 1, NULL, NULL);
    say("ptrace", "PID 1", traced == 0);
    char byte;
    struct iovec local = {&byte, 1};
    struct iovec remote = {(void*)environ, 1};
    say("process_vm_readv", "PID 1", process_vm_readv(1, &local, 1, &remote, 1, 0) > 0);
    int pidfd = (int)syscall(CALL_PIDFD_OPEN, 1, 0);
    say("pidfd_getfd", "PID 1", syscall(CALL_PIDFD_GETFD, pidfd, 0, 0) >= 0);
    say("setns by pidfd", "PID 1",
        setns(pidfd, CLONE_NEWNS) == 0 || setns(pidfd, CLONE_NEWUSER | CLONE_NEWNS) == 0);
    close(pidfd);
    kill(1, SIGSTOP);
    kill(1, SIGKILL);
    say("kill", "PID 1", kill(1, 0) != 0 && errno == ESRCH);
}

void attack_namespaces(void) {
    static const char* const names[] = {"user", "mnt", "pid", "net", "ipc", "uts", "cgroup"};
    int own_user = open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC);
    say("NS_GET_PARENT", "the outer user namespace", ioctl(own_user, NS_GET_PARENT) >= 0);
    struct stat own;
    fstat(own_user, &own);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; ++i) {
        char path[64];
        snprintf(path, sizeof path, "/proc/self/ns/%s", names[i]);
        int namespace = open(path, O_RDONLY | O_CLOEXEC);
        int owner = ioctl(namespace, NS_GET_USERNS);
        struct stat status;
        say("NS_GET_USERNS and setns", path,
            owner >= 0 && fstat(owner, &status) == 0 && status.st_ino != own.st_ino &&
                (setns(owner, CLONE_NEWUSER) == 0 || ioctl(owner, NS_GET_PARENT) >= 0));
        close(owner);
        close(namespace);
    }
    close(own_user);
}

/* File systems and calls that show the machine, whoever mounts and calls them. */
void attack_by_file_systems(void) {
    char log[256];
    say("syslog", "the kernel's log",
        syscall(SYS_syslog, 3 /* SYSLOG_ACTION_READ_ALL */, log, sizeof log) >= 0);
    say("syslog", "the size of the kernel's log",
        syscall(SYS_syslog, 10 /* SYSLOG_ACTION_SIZE_BUFFER */, NULL, 0) >= 0);
    static const struct {
        const char* type;
        const char* options;
    } systems[] = {{"cgroup2", NULL},
                   {"cgroup", "memory"},
                   {"cgroup", "pids"},
                   {"cgroup", "cpu,cpuacct"},
                   {"cgroup", "cpu"},
                   {"cgroup", "freezer"},
                   {"cgroup", "devices"},
                   {"cgroup", "none,name=systemd"},
                   {"cgroup", "none,name=undo"},
                   {"devtmpfs", NULL},
                   {"debugfs", NULL},
                   {"tracefs", NULL},
                   {"securityfs", NULL},
                   {"configfs", NULL},
                   {"efivarfs", NULL},
                   {"pstore", NULL}};
    for (int with_namespace = 0; with_namespace < 2; ++with_namespace)
        for (size_t i = 0; i < sizeof systems / sizeof systems[0]; ++i) {
            const char* place = place_for("/");
            char name[64];
            int status = 0;
            snprintf(name, sizeof name, "mount -t %s %s%s", systems[i].type,
                     systems[i].options == NULL ? "" : systems[i].options,
                     with_namespace ? " in a new cgroup namespace" : "");
            pid_t child = fork();
            if (child == 0) {
                if (with_namespace && unshare(CLONE_NEWCGROUP) != 0)
                    _exit(0);
                int mounted =
                    mount(systems[i].type, place, systems[i].type, 0, systems[i].options) == 0;
                umount2(place, MNT_DETACH);
                _exit(mounted);
            }
            waitpid(child, &status, 0);
            say(name, "the machine", status != 0);
        }
}

/* Every file and folder at the top of procfs and sysfs that is not a process: a mode would be the
 * machine's. */
void attack_modes(const char* top) {
    struct dirent* entry;
    DIR* folder = opendir(top);
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        char path[512];
        struct stat status;
        snprintf(path, sizeof path, "%s/%s", top, entry->d_name);
        if (entry->d_name[0] == '.' || (entry->d_name[0] >= '0' && entry->d_name[0] <= '9') ||
            lstat(path, &status) != 0 || S_ISLNK(status.st_mode))
            continue;
        say("chmod", path, changes_mode(path));
    }
    if (folder != NULL)
        closedir(folder);
}
