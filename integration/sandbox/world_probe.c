// SPDX-License-Identifier: Apache-2.0

/* world_probe: prints what a program sees of its world, one "name<TAB>value" a line.
 *
 *   world_probe [PATH...]
 *
 * An ordinary static program that knows of nothing but Linux: it runs in an enclave, in a container
 * and on a bare machine. For each PATH it says whether it is there and, for a Unix socket, whether
 * somebody answers. It writes only files that it removes again, sends no packet, and leaves the
 * machine as it was (but for `lo`, which it raises last, as programs in an enclave do).
 *
 * A failure's value is errno's name, "ENETUNREACH".
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "probe.h"

extern char** environ;

/* --- devices ------------------------------------------------------------------------------- */

static void probe_device(const char* path) {
    struct stat status;
    char name[64];
    snprintf(name, sizeof name, "device.%s", path + strlen("/dev/"));
    if (stat(path, &status) != 0)
        say(name, "%s", strerrorname_np(errno));
    else
        say(name, "%s %04o",
            S_ISCHR(status.st_mode)    ? "character"
            : S_ISBLK(status.st_mode)  ? "block"
            : S_ISFIFO(status.st_mode) ? "pipe"
                                       : "file",
            (unsigned)status.st_mode & 07777);
}

static int count_block_devices(void) {
    int count = 0;
    struct dirent* entry;
    DIR* folder = opendir("/dev");
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        struct stat status;
        if (fstatat(dirfd(folder), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISBLK(status.st_mode))
            ++count;
    }
    if (folder != NULL)
        closedir(folder);
    return count;
}

static int open_pty(void) {
    int number = -1;
    int unlock = 0;
    int pty = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (pty < 0 || ioctl(pty, TIOCGPTN, &number) != 0 || ioctl(pty, TIOCSPTLCK, &unlock) != 0)
        return -1;
    char path[32];
    snprintf(path, sizeof path, "/dev/pts/%d", number);
    return open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
}

static int read_hwrng(void) {
    char bytes[8];
    int device = open("/dev/hwrng", O_RDONLY | O_CLOEXEC);
    return device < 0 ? -1 : read(device, bytes, sizeof bytes) == sizeof bytes ? 0 : -1;
}

static void probe_devices(void) {
    static const char* const devices[] = {"/dev/nsm",    "/dev/vsock",   "/dev/null",   "/dev/zero",
                                          "/dev/random", "/dev/urandom", "/dev/full",   "/dev/tty",
                                          "/dev/kmsg",   "/dev/hwrng",   "/dev/net/tun"};
    for (size_t i = 0; i < sizeof devices / sizeof devices[0]; ++i)
        probe_device(devices[i]);
    say("device.block_devices", "%d", count_block_devices());
    char link[64] = "";
    say("device.fd", "%s",
        readlink("/dev/fd", link, sizeof link - 1) < 0 ? strerrorname_np(errno) : link);
    say("device.console", "%s",
        access("/dev/console", W_OK) == 0 ? "writable" : strerrorname_np(errno));
    say("device.pty", "%s", in_child(open_pty));
    say("hwrng.name", "%s", first_line("/sys/class/misc/hw_random/rng_current"));
    say("hwrng.read", "%s", in_child(read_hwrng));
}

/* --- ids ----------------------------------------------------------------------------------- */

static int become_1000(void) {
    return setresuid(1000, 1000, 1000);
}
static int set_groups(void) {
    gid_t group = 1000;
    return setgroups(1, &group);
}
static int new_user_namespace(void) {
    return unshare(CLONE_NEWUSER);
}
static int new_cgroup_namespace(void) {
    return unshare(CLONE_NEWCGROUP);
}
static int chown_to_1000(void) {
    char path[] = "/tmp/world_probe.XXXXXX";
    int file = mkstemp(path);
    int result = file < 0 ? -1 : fchown(file, 1000, 1000);
    int error = errno;
    unlink(path);
    errno = error;
    return result;
}
static int drop_capabilities_of_exec(void) {
    return prctl(PR_CAPBSET_DROP, 21, 0, 0, 0);
}

static void probe_ids(void) {
    uid_t ids[3];
    getresuid(&ids[0], &ids[1], &ids[2]);
    say("id.users", "%u %u %u", ids[0], ids[1], ids[2]);
    getresgid(&ids[0], &ids[1], &ids[2]);
    say("id.groups", "%u %u %u", ids[0], ids[1], ids[2]);
    say("id.more_groups", "%d", getgroups(0, NULL));

    unsigned long long effective = 0;
    char line[256];
    FILE* file = fopen("/proc/self/status", "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        sscanf(line, "CapEff: %llx", &effective);
    if (file != NULL)
        fclose(file);
    int last = atoi(first_line("/proc/sys/kernel/cap_last_cap"));
    unsigned long long all = (2ULL << last) - 1;
    say("id.capabilities", "%s", effective == all ? "all" : effective == 0 ? "none" : "some");
    say("id.setuid", "%s", in_child(become_1000));
    say("id.setgroups", "%s", in_child(set_groups));
    say("id.chown", "%s", in_child(chown_to_1000));
    say("id.drop_capability", "%s", in_child(drop_capabilities_of_exec));
    say("id.user_namespace", "%s", in_child(new_user_namespace));
    say("id.cgroup_namespace", "%s", in_child(new_cgroup_namespace));
}

/* --- processes ----------------------------------------------------------------------------- */

static int count_processes(void) {
    int count = 0;
    struct dirent* entry;
    DIR* folder = opendir("/proc");
    while (folder != NULL && (entry = readdir(folder)) != NULL)
        count += entry->d_name[0] >= '1' && entry->d_name[0] <= '9';
    if (folder != NULL)
        closedir(folder);
    return count;
}

/* A grandchild whose parent has ended says who its parent is now. */
static void probe_orphan(void) {
    int ends[2];
    if (pipe(ends) != 0)
        return;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        pid_t self = getpid();
        if (fork() == 0) {
            close(ends[0]);
            while (getppid() == self)
                sched_yield();
            pid_t parent = getppid();
            _exit(write(ends[1], &parent, sizeof parent) == sizeof parent ? 0 : 1);
        }
        _exit(0);
    }
    close(ends[1]);
    waitpid(child, NULL, 0);
    pid_t parent = -1;
    if (read(ends[0], &parent, sizeof parent) != sizeof parent)
        parent = -1;
    close(ends[0]);
    say("process.orphans_parent", "%d", parent);
}

static unsigned long long status_mask(const char* field) {
    unsigned long long mask = 0;
    char line[256];
    FILE* file = fopen("/proc/self/status", "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, field, strlen(field)) == 0)
            mask = strtoull(line + strlen(field), NULL, 16);
    if (file != NULL)
        fclose(file);
    return mask;
}

static void probe_processes(void) {
    say("process.is_first", "%s", getpid() == 1 ? "yes" : "no");
    say("process.parent", "%d", getppid());
    say("process.all", "%d", count_processes());
    say("process.first_name", "%s", first_line("/proc/1/comm"));
    say("process.session", "%s", getsid(0) == getpid() ? "leader" : "member");
    int tty = open("/dev/tty", O_RDWR | O_CLOEXEC);
    say("process.controlling_tty", "%s", tty >= 0 ? "yes" : strerrorname_np(errno));
    if (tty >= 0)
        close(tty);
    say("process.signals_blocked", "%llx", status_mask("SigBlk:"));
    say("process.signals_ignored", "%llx", status_mask("SigIgn:"));
    probe_orphan();
    int environment = open("/proc/1/environ", O_RDONLY | O_CLOEXEC);
    char byte;
    say("process.first_environment", "%s",
        environment < 0                   ? strerrorname_np(errno)
        : read(environment, &byte, 1) > 0 ? "readable"
                                          : "empty");
    if (environment >= 0)
        close(environment);
    char open_files[256] = "";
    for (int number = 0; number < 1024; ++number)
        if (fcntl(number, F_GETFD) >= 0) {
            char text[16];
            snprintf(text, sizeof text, "%s%d", open_files[0] == '\0' ? "" : ",", number);
            strncat(open_files, text, sizeof open_files - strlen(open_files) - 1);
        }
    say("process.descriptors", "%s", open_files);
    say("process.cgroup", "%s",
        strrchr(first_line("/proc/self/cgroup"), ':') == NULL
            ? "none"
            : strrchr(first_line("/proc/self/cgroup"), ':') + 1);
}

/* --- limits, environment, memory ----------------------------------------------------------- */

static void probe_limit(const char* name, int resource) {
    struct rlimit limit;
    char soft[32];
    char hard[32];
    if (getrlimit((__rlimit_resource_t)resource, &limit) != 0) {
        say(name, "%s", strerrorname_np(errno));
        return;
    }
    snprintf(soft, sizeof soft, "%llu", (unsigned long long)limit.rlim_cur);
    snprintf(hard, sizeof hard, "%llu", (unsigned long long)limit.rlim_max);
    say(name, "%s %s", limit.rlim_cur == RLIM_INFINITY ? "unlimited" : soft,
        limit.rlim_max == RLIM_INFINITY ? "unlimited" : hard);
}

static int compare(const void* left, const void* right) {
    return strcmp(*(char* const*)left, *(char* const*)right);
}

static void probe_environment(void) {
    char* names[256];
    size_t count = 0;
    char text[4096] = "";
    for (char** entry = environ; *entry != NULL && count < 256; ++entry)
        names[count++] = strndup(*entry, strcspn(*entry, "="));
    qsort(names, count, sizeof names[0], compare);
    for (size_t i = 0; i < count; ++i) {
        strncat(text, i == 0 ? "" : ",", sizeof text - strlen(text) - 1);
        strncat(text, names[i], sizeof text - strlen(text) - 1);
        free(names[i]);
    }
    say("environment.names", "%s", text);
    char here[4096];
    say("environment.directory", "%s",
        getcwd(here, sizeof here) == NULL ? strerrorname_np(errno) : here);
    mode_t mask = umask(0);
    umask(mask);
    say("environment.umask", "%04o", (unsigned)mask);
}

static unsigned long long meminfo(const char* field) {
    unsigned long long value = 0;
    char line[256];
    FILE* file = fopen("/proc/meminfo", "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, field, strlen(field)) == 0)
            value = strtoull(line + strlen(field), NULL, 10);
    if (file != NULL)
        fclose(file);
    return value;
}

static int count_cpus(void) {
    int count = 0;
    struct dirent* entry;
    DIR* folder = opendir("/sys/devices/system/cpu");
    while (folder != NULL && (entry = readdir(folder)) != NULL)
        count += strncmp(entry->d_name, "cpu", 3) == 0 && entry->d_name[3] >= '0' &&
                 entry->d_name[3] <= '9';
    if (folder != NULL)
        closedir(folder);
    return count;
}

static int count_lines_with(const char* path, const char* start) {
    int count = 0;
    char line[4096];
    FILE* file = fopen(path, "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        count += strncmp(line, start, strlen(start)) == 0;
    if (file != NULL)
        fclose(file);
    return count;
}

static void probe_resources(void) {
    probe_limit("limit.open_files", RLIMIT_NOFILE);
    probe_limit("limit.core", RLIMIT_CORE);
    probe_limit("limit.stack", RLIMIT_STACK);
    probe_limit("limit.address_space", RLIMIT_AS);
    probe_limit("limit.file_size", RLIMIT_FSIZE);
    say("memory.total_mib", "%llu", meminfo("MemTotal:") / 1024);
    say("memory.available_mib", "%llu", meminfo("MemAvailable:") / 1024);
    say("memory.swap_kib", "%llu", meminfo("SwapTotal:"));
    struct statfs file_system;
    say("memory.tmp_size_mib", "%llu",
        statfs("/tmp", &file_system) != 0
            ? 0ULL
            : (unsigned long long)file_system.f_blocks * (unsigned long long)file_system.f_bsize >>
                  20);
    cpu_set_t cpus;
    say("cpu.usable", "%d", sched_getaffinity(0, sizeof cpus, &cpus) == 0 ? CPU_COUNT(&cpus) : -1);
    say("cpu.online", "%s", first_line("/sys/devices/system/cpu/online"));
    say("cpu.present", "%s", first_line("/sys/devices/system/cpu/present"));
    say("cpu.folders", "%d", count_cpus());
    say("cpu.in_cpuinfo", "%d", count_lines_with("/proc/cpuinfo", "processor"));
}

/* --- files --------------------------------------------------------------------------------- */

/* Makes, writes and removes a file in a folder. */
static int write_in(const char* folder) {
    char path[4096];
    snprintf(path, sizeof path, "%s/world_probe.XXXXXX", folder);
    int file = mkstemp(path);
    int result = file < 0 ? -1 : write(file, "x", 1) == 1 ? 0 : -1;
    int error = errno;
    if (file >= 0) {
        close(file);
        unlink(path);
    }
    errno = error;
    return result;
}

static void probe_write(const char* name, const char* folder) {
    say_outcome(name, write_in(folder));
}

/* Copies this program into a folder and executes it there with an argument that makes it end at
 * once. */
static const char* execute_in(const char* folder) {
    char path[4096];
    char buffer[65536];
    ssize_t size;
    snprintf(path, sizeof path, "%s/world_probe.XXXXXX", folder);
    int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    int copy = mkstemp(path);
    if (self < 0 || copy < 0)
        return strerrorname_np(errno);
    while ((size = read(self, buffer, sizeof buffer)) > 0)
        if (write(copy, buffer, (size_t)size) != size)
            break;
    fchmod(copy, 0755);
    close(copy);
    close(self);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        execl(path, path, "--nothing", (char*)NULL);
        _exit(errno);
    }
    int status = 0;
    waitpid(child, &status, 0);
    unlink(path);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? "ok"
                                                         : strerrorname_np(WEXITSTATUS(status));
}

static void probe_entries(const char* name, const char* folder) {
    int count = 0;
    struct dirent* entry;
    DIR* open_folder = opendir(folder);
    if (open_folder == NULL) {
        say(name, "%s", strerrorname_np(errno));
        return;
    }
    while ((entry = readdir(open_folder)) != NULL)
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(open_folder);
    say(name, "%d", count);
}

static int append_to(const char* path) {
    int file = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    if (file >= 0)
        close(file);
    return file;
}

static int write_sysctl(const char* path) {
    char value[64];
    snprintf(value, sizeof value, "%s", first_line(path));
    int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0)
        return -1;
    /* The value that it has. */
    int result = write(file, value, strlen(value)) < 0 ? -1 : 0;
    int error = errno;
    close(file);
    errno = error;
    return result;
}

static void probe_files(void) {
    probe_write("write./", "/");
    probe_write("write./tmp", "/tmp");
    probe_write("write./run", "/run");
    probe_write("write./dev/shm", "/dev/shm");
    probe_write("write./root", "/root");
    probe_write("write./etc", "/etc");
    probe_write("write.directory", ".");
    say_outcome("write.passwd", append_to("/etc/passwd"));
    say("execute./tmp", "%s", execute_in("/tmp"));
    say("execute./run", "%s", execute_in("/run"));
    say("execute./dev/shm", "%s", execute_in("/dev/shm"));
    say("execute./root", "%s", execute_in("/root"));
    probe_entries("entries./root", "/root");
    probe_entries("entries./home", "/home");
    probe_entries("entries./run", "/run");
    probe_entries("entries./tmp", "/tmp");
    say_outcome("sysctl.network", write_sysctl("/proc/sys/net/ipv4/ip_forward"));
    say_outcome("sysctl.kernel", write_sysctl("/proc/sys/kernel/panic"));
}

/* --- what others have left about ------------------------------------------------------------ */

static int connect_unix(const char* path, size_t size) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    if (size > sizeof name.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(name.sun_path, path, size);
    int socket_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int result = connect(socket_fd, (struct sockaddr*)&name,
                         (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size));
    int error = errno;
    close(socket_fd);
    errno = error;
    return result;
}

static void probe_others(void) {
    static const char abstract[] = "\0world-probe";
    say_outcome("others.abstract_socket", connect_unix(abstract, sizeof abstract - 1));
    say_outcome("others.shared_memory", shmget(0x776f726c, 0, 0));
    say_outcome("others.key", (int)syscall(SYS_request_key, "user", "world-probe", NULL,
                                           -3 /* session keyring */));
    static const char* const sockets[] = {"/run/docker.sock", "/var/run/docker.sock",
                                          "/run/dbus/system_bus_socket"};
    int present = 0;
    for (size_t i = 0; i < sizeof sockets / sizeof sockets[0]; ++i)
        present += access(sockets[i], F_OK) == 0;
    say("others.daemon_sockets", "%d", present);
    say("others.unix_sockets", "%d", count_lines("/proc/net/unix") - 1);
}

static void probe_path(int number, const char* path) {
    struct stat status;
    char name[32];
    snprintf(name, sizeof name, "path.%d", number);
    if (stat(path, &status) != 0)
        say(name, "%s", strerrorname_np(errno));
    else if (S_ISSOCK(status.st_mode))
        say(name, "socket %s", outcome(connect_unix(path, strlen(path) + 1)));
    else if (S_ISDIR(status.st_mode))
        probe_entries(name, path);
    else
        say(name, "present");
}

int main(int argc, char** argv) {
    if (argc == 2 && strcmp(argv[1], "--nothing") == 0)
        return 0;
    probe_resources();
    probe_environment();
    probe_processes();
    probe_ids();
    probe_network();
    probe_names();
    probe_mounts();
    probe_devices();
    probe_files();
    probe_others();
    for (int i = 1; i < argc; ++i)
        probe_path(i, argv[i]);
    say_outcome("net.lo.raise", raise_lo());
    say_outcome("net.connect.loopback_raised", connect_inet(SOCK_STREAM, "127.0.0.1", 9));
    return 0;
}
