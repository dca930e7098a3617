// SPDX-License-Identifier: Apache-2.0

// One socket under several descriptors and in several processes: dup, fork, exec, SCM_RIGHTS.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent.h"
#include "sockets.h"

static void duplicate(void) {
    struct pair pair = connected_pair(port(0));
    char got[8];
    int copy = dup(pair.client);
    close(pair.client);
    say_call("write", write(copy, "abc", 3));
    say_call("peer-read", read(pair.accepted, got, sizeof(got)));
    say_peer_name("peer", copy);
    close(copy);
    say_call("peer-read-end", read(pair.accepted, got, sizeof(got)));
}

static void duplicate_before_connect(void) {
    listener_at(port(0), 1);
    int client = stream_socket(0), copy = fcntl(client, F_DUPFD_CLOEXEC, 100);
    say_call("connect", connect_to(copy, place.self, port(0)));
    say_peer_name("original", client);
    say_call("connect-original", connect_to(client, place.self, port(0)));
}

static void duplicate_over_number(void) {
    struct pair pair = connected_pair(port(0));
    int file = open("/dev/null", O_RDWR);
    say_call("dup2", dup2(file, pair.client) == pair.client ? 0 : -1);
    char got[4];
    say_call("peer-read", read(pair.accepted, got, sizeof(got)));
    say_call("getpeername", getpeername(pair.client, NULL, NULL));
}

static void duplicate_of_listener(void) {
    int listener = listener_at(port(0), 4), copy = dup(listener);
    close(listener);
    say_call("connect", connect_to(stream_socket(0), place.self, port(0)));
    say_call("accept", accept(copy, NULL, NULL) < 0 ? -1 : 0);
    close(copy);
    say_call("connect-closed", connect_to(stream_socket(0), place.self, port(0)));
}

static void forked(void) {
    struct pair pair = connected_pair(port(0));
    char got[8];
    pid_t child = fork();
    if (child == 0) {
        write(pair.client, "child", 5);
        _exit(0);
    }
    waitpid(child, NULL, 0);
    say_call("peer-read", read(pair.accepted, got, sizeof(got)));
    say_call("write", write(pair.client, "abc", 3));
    say_call("peer-read", read(pair.accepted, got, sizeof(got)));
}

static void forked_holds_open(void) {
    struct pair pair = connected_pair(port(0));
    char got[8];
    pid_t child = fork();
    if (child == 0) {
        for (;;)
            pause();
    }
    close(pair.client);
    settle();
    say_poll("held", pair.accepted);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    say_call("peer-read-end", read(pair.accepted, got, sizeof(got)));
}

static void created_in_child(void) {
    int listener = listener_at(port(0), 4);
    pid_t child = fork();
    if (child == 0) {
        int client = stream_socket(0);
        if (connect_to(client, place.self, port(0)) != 0)
            _exit(1);
        write(client, "abc", 3);
        _exit(0);
    }
    char got[8];
    int accepted = accept(listener, NULL, NULL);
    waitpid(child, NULL, 0);
    say_call("read", read_all(accepted, got, sizeof(got)));
}

// The other half of the two rows below: what a program finds on an inherited descriptor.
int after_exec(int descriptor) {
    char got[8];
    int value = 0;
    socklen_t length = sizeof(value);
    if (getsockopt(descriptor, SOL_SOCKET, SO_DOMAIN, &value, &length) != 0)
        return errno;
    if (value != AF_VSOCK)
        return 250;
    if (write(descriptor, "after", 5) != 5)
        return 251;
    return read(descriptor, got, sizeof(got)) == 3 ? 0 : 252;
}

static void executed(int flags) {
    struct pair pair = connected_pair(port(0));
    if (flags != 0)
        fcntl(pair.client, F_SETFD, FD_CLOEXEC);
    write(pair.accepted, "abc", 3);
    pid_t child = fork();
    if (child == 0) {
        char number[16];
        snprintf(number, sizeof(number), "%d", pair.client);
        execl("/proc/self/exe", "vsock-behaviour", after_exec_argument, number, (char*)NULL);
        _exit(253);
    }
    int status = 0;
    waitpid(child, &status, 0);
    say_errno("program", WEXITSTATUS(status));
    char got[8];
    set_nonblocking(pair.accepted);
    settle();
    say_call("peer-read", read(pair.accepted, got, sizeof(got)));
}
static void executed_open(void) {
    executed(0);
}
static void executed_close_on_exec(void) {
    executed(1);
}

static void pass(int through, int descriptor) {
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control;
    memset(&control, 0, sizeof(control));
    struct iovec part = {"x", 1};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof(control.bytes)};
    struct cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &descriptor, sizeof(int));
    if (sendmsg(through, &message, 0) != 1)
        give_up("sendmsg");
}

static int take(int through) {
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control;
    char got;
    int descriptor = -1;
    struct iovec part = {&got, 1};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof(control.bytes)};
    if (recvmsg(through, &message, 0) != 1 || CMSG_FIRSTHDR(&message) == NULL)
        return -1;
    memcpy(&descriptor, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(int));
    return descriptor;
}

static void passed_connected(void) {
    struct pair pair = connected_pair(port(0));
    int through[2];
    socketpair(AF_UNIX, SOCK_STREAM, 0, through);
    pid_t child = fork();
    if (child == 0) {
        close(pair.client);
        int client = take(through[1]);
        _exit(write(client, "passed", 6) == 6 ? 0 : 1);
    }
    pass(through[0], pair.client);
    close(pair.client);
    char got[8];
    int status = 0;
    say_call("peer-read", read(pair.accepted, got, sizeof(got)));
    waitpid(child, &status, 0);
    say("writer=%d", WEXITSTATUS(status));
    say_call("peer-read-end", read(pair.accepted, got, sizeof(got)));
}

static void passed_fresh(void) {
    listener_at(port(0), 4);
    int through[2], client = stream_socket(0);
    socketpair(AF_UNIX, SOCK_STREAM, 0, through);
    pid_t child = fork();
    if (child == 0) {
        close(client);
        int got = take(through[1]);
        _exit(connect_to(got, place.self, port(0)) == 0 ? 0 : errno);
    }
    pass(through[0], client);
    int status = 0;
    waitpid(child, &status, 0);
    say_errno("connect-in-child", WEXITSTATUS(status));
    say_peer_name("peer", client);
}

static void passed_listener(void) {
    int through[2], listener = listener_at(port(0), 4);
    socketpair(AF_UNIX, SOCK_STREAM, 0, through);
    pid_t child = fork();
    if (child == 0) {
        close(listener);
        int got = take(through[1]);
        _exit(accept(got, NULL, NULL) >= 0 ? 0 : errno);
    }
    pass(through[0], listener);
    close(listener);
    say_call("connect", connect_to(stream_socket(0), place.self, port(0)));
    int status = 0;
    waitpid(child, &status, 0);
    say_errno("accept-in-child", WEXITSTATUS(status));
}

static void link_in_proc(void) {
    char path[40], target[64];
    snprintf(path, sizeof(path), "/proc/self/fd/%d", stream_socket(0));
    ssize_t length = readlink(path, target, sizeof(target) - 1);
    target[length > 0 ? length : 0] = '\0';
    say("readlink=%s", strncmp(target, "socket:[", 8) == 0 ? "socket:[n]" : target);
    say_call("open", open(path, O_RDWR));
}

static void not_a_socket(void) {
    int file = open("/dev/null", O_RDWR);
    say_call("bind", bind_to(file, ANY, port(0)));
    say_call("connect", connect_to(file, place.self, port(0)));
    say_call("closed", connect_to(1000, place.self, port(0)));
}

static void other_families(void) {
    int unix_socket = socket(AF_UNIX, SOCK_STREAM, 0), inet = socket(AF_INET, SOCK_STREAM, 0);
    say_call("unix-connect", connect_to(unix_socket, place.self, port(0)));
    say_call("unix-bind", bind_to(unix_socket, ANY, port(0)));
    say_call("inet-connect", connect_to(inet, place.self, port(0)));
    struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "/tmp/absent"};
    say_call("vsock-connect", connect(stream_socket(0), (struct sockaddr*)&name, sizeof(name)));
}

static const struct row table[] = {
    {"descriptor-dup", KERNEL, "dup; close the original; write; close", duplicate},
    {"descriptor-dup-before-connect", KERNEL,
     "F_DUPFD_CLOEXEC; connect the copy, then the original", duplicate_before_connect},
    {"descriptor-dup2-over", KERNEL, "dup2 of a file over a connected socket",
     duplicate_over_number},
    {"descriptor-dup-listener", KERNEL, "dup a listener; close the original, then the copy",
     duplicate_of_listener},
    {"descriptor-fork", KERNEL, "a child and its parent write to one connection", forked},
    {"descriptor-fork-holds-open", KERNEL, "close while a child still has the connection",
     forked_holds_open},
    {"descriptor-fork-client", KERNEL, "a child connects to its parent", created_in_child},
    {"descriptor-exec", KERNEL, "another program goes on with a connection", executed_open},
    {"descriptor-exec-cloexec", KERNEL, "the same with FD_CLOEXEC", executed_close_on_exec},
    {"descriptor-passed-connected", KERNEL, "SCM_RIGHTS: a connected socket to a child",
     passed_connected},
    {"descriptor-passed-fresh", KERNEL, "SCM_RIGHTS: a fresh socket, which the child connects",
     passed_fresh},
    {"descriptor-passed-listener", KERNEL, "SCM_RIGHTS: a listener, on which the child accepts",
     passed_listener},
    {"descriptor-proc-link", KERNEL, "/proc/self/fd: readlink, open", link_in_proc},
    {"descriptor-not-a-socket", KERNEL, "bind and connect of a file and of nothing", not_a_socket},
    {"descriptor-other-families", KERNEL,
     "AF_VSOCK addresses on AF_UNIX and AF_INET sockets, and the reverse", other_families},
};
const struct rows descriptor_rows = ROWS(table);
