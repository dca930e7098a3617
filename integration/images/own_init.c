// SPDX-License-Identifier: Apache-2.0

/* An image's own init, in the manner of those that are not AWS's: it mounts, loads nsm.ko, sends
 * the heartbeat, and says on the console what it found. /mode holds what it does then: "off",
 * "restart", "exit N", "crash", "chroot" (everything again in /rootfs, as AWS's init does),
 * "guest" (children that are not root, or elsewhere, mount and load), "silent" (no heartbeat),
 * "early" (no heartbeat, and an end). */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/vm_sockets.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

static void say(const char* what, int result) {
    printf("%s: %s\n", what, result == 0 ? "ok" : strerror(errno));
}

static int heartbeat(void) {
    struct sockaddr_vm parent = {.svm_family = AF_VSOCK, .svm_cid = 3, .svm_port = 9000};
    unsigned char byte = 0xb7;
    const int fd = socket(AF_VSOCK, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr*)&parent, sizeof parent) != 0 ||
        write(fd, &byte, 1) != 1 || read(fd, &byte, 1) != 1)
        return -1;
    close(fd);
    return byte == 0xb7 ? 0 : -1;
}

/* The mounts that inits make, and whether what they are made for is there. */
static void mount_all(void) {
    char name[64];
    struct stat status;
    say("dev", mount("dev", "/dev", "devtmpfs", MS_NOSUID | MS_NOEXEC, NULL));
    say("proc", mount("proc", "/proc", "proc", MS_NODEV | MS_NOSUID | MS_NOEXEC, "hidepid=2"));
    say("sys", mount("sysfs", "/sys", "sysfs", MS_NODEV | MS_NOSUID | MS_NOEXEC, NULL));
    say("run", mount("tmpfs", "/run", "tmpfs", MS_NODEV | MS_NOSUID | MS_NOEXEC, "mode=0755"));
    mkdir("/dev/pts", 0755);
    say("pts", mount("devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, NULL));
    say("cgroup root", mount("cgroup_root", "/sys/fs/cgroup", "tmpfs", MS_NODEV, "mode=0755"));
    mkdir("/sys/fs/cgroup/memory", 0755);
    say("cgroup", mount("memory", "/sys/fs/cgroup/memory", "cgroup", MS_NODEV, "memory"));
    const ssize_t length = readlink("/proc/self", name, sizeof name - 1);
    printf("self is %.*s\n", (int)(length < 0 ? 0 : length), name);
    say("null", stat("/dev/null", &status) == 0 && S_ISCHR(status.st_mode) ? 0 : -1);
    const int nsm = open("/dev/nsm", O_RDWR);
    say("nsm", nsm < 0 ? -1 : 0);
    close(nsm);
    say("class", stat("/sys/class", &status));
}

static void wait_for(pid_t child) {
    int status = 0;
    if (waitpid(child, &status, 0) != child || status != 0)
        printf("a child ended with %d\n", status);
}

/* Who has no capabilities is refused by every kernel; who has own namespaces mounts there. */
static void be_guests(void) {
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
        struct __user_cap_data_struct none[2] = {{0}};
        say("no capabilities", (int)syscall(SYS_capset, &header, none));
        say("guest dev", mount("dev", "/run", "devtmpfs", 0, NULL));
        say("guest proc", mount("proc", "/run", "proc", 0, NULL));
        say("guest cgroup", mount("memory", "/run", "cgroup", 0, "memory"));
        say("guest module", (int)syscall(SYS_finit_module, open("/nsm.ko", O_RDONLY), "", 0));
        exit(0);
    }
    wait_for(child);
    child = fork();
    if (child == 0) {
        say("namespaces", unshare(CLONE_NEWNS | CLONE_NEWPID));
        say("private", mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
        fflush(stdout);
        child = fork();
        if (child == 0) {
            char name[64];
            say("own proc", mount("proc", "/proc", "proc", MS_NOSUID | MS_NOEXEC, NULL));
            const ssize_t length = readlink("/proc/self", name, sizeof name - 1);
            printf("self is %.*s\n", (int)(length < 0 ? 0 : length), name);
            exit(0);
        }
        wait_for(child);
        exit(0);
    }
    wait_for(child);
}

int main(int count, char** arguments, char** environment) {
    char mode[64] = "";
    FILE* file = fopen("/mode", "r");
    if (file == NULL)
        file = fopen("/rootfs/mode", "r"); /* where `glovebox eif build` can put it */
    if (file == NULL || fgets(mode, sizeof mode, file) == NULL)
        return 99;
    if (strcmp(mode, "early") == 0)
        return 5;
    if (strcmp(mode, "silent") == 0)
        for (;;)
            pause();
    printf("pid %d, %d argument, %s", getpid(), count, arguments[0]);
    for (char** variable = environment; *variable != NULL; ++variable)
        printf(" %s", *variable);
    printf("\n");
    mount_all();
    const int module = open("/nsm.ko", O_RDONLY);
    say("module", (int)syscall(SYS_finit_module, module, "", 0));
    say("host name", sethostname("enclave", 7));
    say("heartbeat", heartbeat());
    say("write", mkdir("/made", 0700));
    if (strcmp(mode, "guest") == 0)
        be_guests();
    if (strncmp(mode, "exit ", 5) == 0)
        return atoi(mode + 5);
    if (strcmp(mode, "crash") == 0)
        return *(volatile int*)16;
    if (strcmp(mode, "chroot") == 0) {
        say("bind", mount("/rootfs", "/rootfs", NULL, MS_BIND, NULL));
        say("chdir", chdir("/rootfs"));
        say("move", mount(".", "/", NULL, MS_MOVE, NULL));
        say("chroot", chroot("."));
        say("root", chdir("/"));
        mount_all();
        say("application", access("/application", F_OK));
    }
    const pid_t child = fork();
    if (child == 0)
        _exit(getpid() == 2 || strcmp(mode, "guest") == 0 ? 0 : 1);
    int status = 0;
    waitpid(child, &status, 0);
    printf("child %d\n", status);
    fflush(stdout);
    reboot(strcmp(mode, "restart") == 0 ? RB_AUTOBOOT : RB_POWER_OFF);
    say("reboot", -1);
    return 98;
}
