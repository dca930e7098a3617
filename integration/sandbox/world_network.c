// SPDX-License-Identifier: Apache-2.0

/* The part of world_probe that asks about networks and names. */
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
#include <sys/mount.h>
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

/* --- network ------------------------------------------------------------------------------- */

static int interface_flags(const char* name) {
    struct ifreq request = {0};
    int socket_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    int result = ioctl(socket_fd, SIOCGIFFLAGS, &request);
    close(socket_fd);
    return result < 0 ? -1 : (unsigned short)request.ifr_flags;
}

static void probe_interfaces(void) {
    char names[512] = "";
    char line[512];
    FILE* file = fopen("/proc/net/dev", "re");
    for (int number = 0; file != NULL && fgets(line, sizeof line, file) != NULL; ++number) {
        char name[64];
        if (number >= 2 && sscanf(line, " %63[^:]:", name) == 1) {
            strncat(names, names[0] == '\0' ? "" : ",", sizeof names - strlen(names) - 1);
            strncat(names, name, sizeof names - strlen(names) - 1);
        }
    }
    if (file != NULL)
        fclose(file);
    say("net.interfaces", "%s", names);

    int flags = interface_flags("lo");
    say("net.lo", "%s", flags < 0 ? strerrorname_np(errno) : flags & IFF_UP ? "up" : "down");
    struct ifreq request = {.ifr_name = "lo"};
    int socket_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    say("net.lo.address", "%s", outcome(ioctl(socket_fd, SIOCGIFADDR, &request)));
    close(socket_fd);
    /* The first line is the heading; a namespace without any route may leave it out. */
    int routes = count_lines("/proc/net/route");
    say("net.routes", "%d", routes > 0 ? routes - 1 : 0);
}

int connect_inet(int type, const char* address, int port) {
    struct sockaddr_in target = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
    inet_pton(AF_INET, address, &target.sin_addr);
    int socket_fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    int result = connect(socket_fd, (struct sockaddr*)&target, sizeof target);
    int error = errno;
    close(socket_fd);
    errno = error;
    return result;
}

static int bind_inet(int port) {
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
    int socket_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int result = bind(socket_fd, (struct sockaddr*)&here, sizeof here);
    int error = errno;
    close(socket_fd);
    errno = error;
    return result;
}

static int make_tun(void) {
    struct ifreq request = {.ifr_name = "tun%d", .ifr_flags = IFF_TUN | IFF_NO_PI};
    int tun = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
    return tun < 0 ? -1 : ioctl(tun, TUNSETIFF, &request);
}

void probe_network(void) {
    probe_interfaces();
    say_outcome("net.connect.loopback", connect_inet(SOCK_STREAM, "127.0.0.1", 9));
    /* A connected datagram socket sends nothing; 192.0.2.0/24 is nobody's (RFC 5737). */
    say_outcome("net.connect.outside", connect_inet(SOCK_DGRAM, "192.0.2.1", 53));
    say_outcome("net.bind.any", bind_inet(0));
    say_outcome("net.bind.port80", bind_inet(80));
    int packet = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    say_outcome("net.packet_socket", packet);
    close(packet);
    int inet6 = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    say_outcome("net.ipv6_socket", inet6);
    close(inet6);
    say("net.tun", "%s", in_child(make_tun));
}

/* Raises `lo` as every program in an enclave must that wants it; the kernel adds 127.0.0.1. */
int raise_lo(void) {
    struct ifreq request = {.ifr_name = "lo"};
    int socket_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int result = ioctl(socket_fd, SIOCGIFFLAGS, &request);
    request.ifr_flags |= IFF_UP;
    if (result == 0)
        result = ioctl(socket_fd, SIOCSIFFLAGS, &request);
    int error = errno;
    close(socket_fd);
    errno = error;
    return result;
}

/* --- names --------------------------------------------------------------------------------- */

void probe_names(void) {
    struct stat status;
    const char* resolver = "file";
    if (lstat("/etc/resolv.conf", &status) != 0)
        resolver = strerrorname_np(errno);
    else if (access("/etc/resolv.conf", F_OK) != 0)
        resolver = "dangling symlink";
    else if (status.st_size == 0 && S_ISREG(status.st_mode))
        resolver = "empty";
    say("resolver.file", "%s", resolver);
    char hosts[256];
    snprintf(hosts, sizeof hosts, "%s", first_line("/etc/hosts"));
    for (char* at = hosts; *at != '\0'; ++at)
        if (*at == '\t')
            *at = ' ';
    say("resolver.hosts", "%s", hosts);
    struct utsname name;
    uname(&name);
    say("name.host", "%s", name.nodename);
    say("name.domain", "%s", name.domainname);
    say("name.file", "%s", access("/etc/hostname", F_OK) == 0 ? "present" : "absent");
}
