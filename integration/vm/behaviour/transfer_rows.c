// SPDX-License-Identifier: Apache-2.0

// Bytes: send and receive calls, their flags, control data, and how much fits.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sockets.h"

static void unconnected(void) {
    int socket = stream_socket(0);
    char got[4];
    say_call("send", send(socket, "x", 1, MSG_NOSIGNAL));
    say_call("read", read(socket, got, sizeof(got)));
    say_call("recv-dontwait", recv(socket, got, sizeof(got), MSG_DONTWAIT));
}

static void empty(void) {
    struct pair pair = connected_pair(port(0));
    char got[4];
    say_call("recv-dontwait", recv(pair.client, got, sizeof(got), MSG_DONTWAIT));
    struct timeval limit = {.tv_usec = 100000};
    setsockopt(pair.client, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    say_call("recv-SO_RCVTIMEO", recv(pair.client, got, sizeof(got), 0));
    set_nonblocking(pair.client);
    say_call("read-nonblocking", read(pair.client, got, sizeof(got)));
}

static void zero_length(void) {
    struct pair pair = connected_pair(port(0));
    char got[4];
    say_call("send-0", send(pair.client, "", 0, 0));
    settle();
    say_poll("peer", pair.accepted);
    say_call("recv-0", recv(pair.accepted, got, 0, MSG_DONTWAIT));
    write(pair.client, "abc", 3);
    settle();
    say_call("recv-0-of-3", recv(pair.accepted, got, 0, MSG_DONTWAIT));
}

static void stream_of_writes(void) {
    struct pair pair = connected_pair(port(0));
    char got[16];
    write(pair.client, "ab", 2);
    write(pair.client, "cde", 3);
    settle();
    say_call("read-1", read(pair.accepted, got, 1));
    say_call("read-rest", read(pair.accepted, got, sizeof(got)));
}

static void peek(void) {
    struct pair pair = connected_pair(port(0));
    char got[8];
    write(pair.client, "abc", 3);
    settle();
    say_call("peek", recv(pair.accepted, got, 2, MSG_PEEK));
    say_call("peek", recv(pair.accepted, got, sizeof(got), MSG_PEEK));
    say_call("read", read(pair.accepted, got, sizeof(got)));
}

static void wait_for_all(void) {
    struct pair pair = connected_pair(port(0));
    char got[6];
    if (fork() == 0) {
        write(pair.client, "abc", 3);
        settle();
        wait_until_asleep(getppid());
        write(pair.client, "def", 3);
        _exit(0);
    }
    say_call("recv-waitall", recv(pair.accepted, got, sizeof(got), MSG_WAITALL));
}

static void wait_for_all_then_end(void) {
    struct pair pair = connected_pair(port(0));
    char got[6];
    write(pair.client, "abc", 3);
    shutdown(pair.client, SHUT_WR);
    say_call("recv-waitall", recv(pair.accepted, got, sizeof(got), MSG_WAITALL));
}

static void odd_flags(void) {
    struct pair pair = connected_pair(port(0));
    char got[8];
    say_call("send-oob", send(pair.client, "x", 1, MSG_OOB | MSG_NOSIGNAL));
    say_call("send-dontroute", send(pair.client, "x", 1, MSG_DONTROUTE | MSG_NOSIGNAL));
    say_call("send-eor", send(pair.client, "x", 1, MSG_EOR | MSG_NOSIGNAL));
    say_call("send-more", send(pair.client, "x", 1, MSG_MORE | MSG_NOSIGNAL));
    say_call("send-confirm", send(pair.client, "x", 1, MSG_CONFIRM | MSG_NOSIGNAL));
    settle();
    say_call("recv-oob", recv(pair.accepted, got, sizeof(got), MSG_OOB | MSG_DONTWAIT));
    say_call("recv-errqueue", recv(pair.accepted, got, sizeof(got), MSG_ERRQUEUE | MSG_DONTWAIT));
    say_call("recv-trunc", recv(pair.accepted, got, 1, MSG_TRUNC | MSG_DONTWAIT));
    say_call("rest", recv(pair.accepted, got, sizeof(got), MSG_DONTWAIT));
}

// A descriptor and credentials as control data, which mean something on AF_UNIX only.
static void control_data(int type, size_t size, const void* data) {
    struct pair pair = connected_pair(port(0));
    char got[4], room[64];
    union {
        char bytes[64];
        struct cmsghdr align;
    } control;
    memset(&control, 0, sizeof(control));
    struct iovec out = {"abc", 3}, in = {got, sizeof(got)};
    struct msghdr message = {.msg_iov = &out,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = CMSG_SPACE(size)};
    struct cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = type;
    header->cmsg_len = CMSG_LEN(size);
    memcpy(CMSG_DATA(header), data, size);
    say_call("sendmsg", sendmsg(pair.client, &message, MSG_NOSIGNAL));
    struct msghdr received = {
        .msg_iov = &in, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof(room)};
    set_nonblocking(pair.accepted);
    settle();
    say_call("recvmsg", recvmsg(pair.accepted, &received, 0));
    say("controllen=%u", (unsigned)received.msg_controllen);
}
static void control_rights(void) {
    int descriptor = 0;
    control_data(SCM_RIGHTS, sizeof(descriptor), &descriptor);
}
static void control_credentials(void) {
    struct ucred own = {getpid(), getuid(), getgid()};
    control_data(SCM_CREDENTIALS, sizeof(own), &own);
}

static void vectors(void) {
    struct pair pair = connected_pair(port(0));
    char first[2], second[8];
    struct iovec out[] = {{"ab", 2}, {"", 0}, {"cde", 3}};
    struct iovec in[] = {{first, sizeof(first)}, {second, sizeof(second)}};
    say_call("writev", writev(pair.client, out, 3));
    settle();
    say_call("readv", readv(pair.accepted, in, 2));
}

static void several_messages(void) {
    struct pair pair = connected_pair(port(0));
    char got[2][8];
    struct iovec out[] = {{"ab", 2}, {"cde", 3}}, in[] = {{got[0], 8}, {got[1], 8}};
    struct mmsghdr send[2] = {{.msg_hdr = {.msg_iov = &out[0], .msg_iovlen = 1}},
                              {.msg_hdr = {.msg_iov = &out[1], .msg_iovlen = 1}}};
    struct mmsghdr receive[2] = {{.msg_hdr = {.msg_iov = &in[0], .msg_iovlen = 1}},
                                 {.msg_hdr = {.msg_iov = &in[1], .msg_iovlen = 1}}};
    say_call("sendmmsg", sendmmsg(pair.client, send, 2, 0));
    settle();
    say_call("recvmmsg", recvmmsg(pair.accepted, receive, 2, MSG_DONTWAIT, NULL));
    say("first=%u", receive[0].msg_len);
}

static void fills(void) {
    struct pair pair = connected_pair(port(0));
    static char block[65536];
    set_nonblocking(pair.client);
    long total = 0, wrote;
    while ((wrote = write(pair.client, block, sizeof(block))) > 0)
        total += wrote;
    int error = errno;
    say("total=%ld", total);
    say_errno("next", error);
    read(pair.accepted, block, 1000);
    settle();
    wrote = write(pair.client, block, sizeof(block));
    say(wrote < 0 ? "after-reading-1000=%ld" : "after-reading-1000=some", wrote);
}

static void fills_small_buffer(void) {
    int listener = listener_at(port(0), 1), client = stream_socket(0);
    uint64_t size = 4096;
    setsockopt(listener, AF_VSOCK, SO_VM_SOCKETS_BUFFER_SIZE, &size, sizeof(size));
    connect_to(client, place.self, port(0));
    accept(listener, NULL, NULL);
    static char block[65536];
    set_nonblocking(client);
    long total = 0, wrote;
    while ((wrote = write(client, block, sizeof(block))) > 0)
        total += wrote;
    say("total=%ld", total);
}

static void send_times_out(void) {
    struct pair pair = connected_pair(port(0));
    static char block[1 << 20];
    struct timeval limit = {.tv_usec = 200000};
    setsockopt(pair.client, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    say_call("send-1MiB", send(pair.client, block, sizeof(block), MSG_NOSIGNAL));
    say_call("send-again", send(pair.client, block, sizeof(block), MSG_NOSIGNAL));
}

static void mebibytes(void) {
    struct pair pair = connected_pair(port(0));
    enum { total = 4 << 20 };
    static unsigned char block[65536];
    if (fork() == 0) {
        close(pair.accepted);
        for (int done = 0; done < total; done += (int)sizeof(block)) {
            for (unsigned i = 0; i < sizeof(block); ++i)
                block[i] = (unsigned char)((done + (int)i) * 31 >> 3);
            for (size_t sent = 0; sent < sizeof(block);) {
                ssize_t wrote = write(pair.client, block + sent, sizeof(block) - sent);
                if (wrote <= 0)
                    _exit(1);
                sent += (size_t)wrote;
            }
        }
        _exit(0);
    }
    close(pair.client);
    long done = 0, wrong = 0, got;
    while ((got = read(pair.accepted, block, sizeof(block))) > 0) {
        for (long i = 0; i < got; ++i)
            wrong += block[i] != (unsigned char)((done + i) * 31 >> 3);
        done += got;
    }
    say("received=%ld wrong=%ld", done, wrong);
    say_call("end", got);
}

static void queue_sizes(void) {
    struct pair pair = connected_pair(port(0));
    int value = -1;
    write(pair.client, "abc", 3);
    settle();
    say_call("FIONREAD", ioctl(pair.accepted, FIONREAD, &value) == 0 ? value : -1);
    say_call("TIOCOUTQ", ioctl(pair.client, TIOCOUTQ, &value) == 0 ? value : -1);
}

static void ioctl_nonblocking(void) {
    struct pair pair = connected_pair(port(0));
    int on = 1;
    char got[4];
    say_call("FIONBIO", ioctl(pair.client, FIONBIO, &on));
    say_call("read", read(pair.client, got, sizeof(got)));
    say_call("unknown", ioctl(pair.client, 0x5499, &on));
}

static void files(void) {
    struct pair pair = connected_pair(port(0));
    int file = memfd_create("bytes", 0), ends[2];
    off_t start = 0;
    write(file, "0123456789", 10);
    say_call("sendfile", sendfile(pair.client, file, &start, 10));
    pipe(ends);
    write(ends[1], "abc", 3);
    say_call("splice-to", splice(ends[0], NULL, pair.client, NULL, 3, 0));
    settle();
    say_call("splice-from", splice(pair.accepted, NULL, ends[1], NULL, 64, SPLICE_F_NONBLOCK));
}

static void bad_buffers(void) {
    struct pair pair = connected_pair(port(0));
    say_call("send", send(pair.client, (void*)8, 4, MSG_NOSIGNAL));
    write(pair.client, "abc", 3);
    settle();
    say_call("recv", recv(pair.accepted, (void*)8, 4, MSG_DONTWAIT));
    char got[4];
    say_call("after", recv(pair.accepted, got, sizeof(got), MSG_DONTWAIT));
}

static const struct row table[] = {
    {"transfer-unconnected", KERNEL, "send, read, recv on a fresh socket", unconnected},
    {"transfer-empty", KERNEL, "recv of nothing: MSG_DONTWAIT, SO_RCVTIMEO, O_NONBLOCK", empty},
    {"transfer-zero-length", KERNEL, "send 0 bytes; poll; recv 0 bytes", zero_length},
    {"transfer-stream", KERNEL, "two writes; reads of 1 and of the rest", stream_of_writes},
    {"transfer-peek", KERNEL, "MSG_PEEK twice, then read", peek},
    {"transfer-waitall", KERNEL, "MSG_WAITALL over two writes", wait_for_all},
    {"transfer-waitall-end", KERNEL, "MSG_WAITALL, then the end", wait_for_all_then_end},
    {"transfer-odd-flags", KERNEL,
     "MSG_OOB, DONTROUTE, EOR, MORE, CONFIRM; recv with OOB, ERRQUEUE, TRUNC", odd_flags},
    {"transfer-control-rights", KERNEL, "sendmsg with SCM_RIGHTS; recvmsg", control_rights},
    {"transfer-control-credentials", KERNEL, "sendmsg with SCM_CREDENTIALS; recvmsg",
     control_credentials},
    {"transfer-vectors", KERNEL, "writev of 2, 0 and 3 bytes; readv", vectors},
    {"transfer-several-messages", KERNEL, "sendmmsg of 2; recvmmsg of 2", several_messages},
    {"transfer-fills", KERNEL, "non-blocking writes of 64 KiB until one fails; 1000 read; one more",
     fills},
    {"transfer-fills-small-buffer", KERNEL, "the same against BUFFER_SIZE 4096",
     fills_small_buffer},
    {"transfer-send-times-out", KERNEL, "SO_SNDTIMEO 200 ms; send 1 MiB, and again",
     send_times_out},
    {"transfer-4-MiB", KERNEL, "4 MiB one way, then the end; the bytes compared", mebibytes},
    {"transfer-queue-sizes", KERNEL, "FIONREAD, TIOCOUTQ", queue_sizes},
    {"transfer-ioctl", KERNEL, "FIONBIO; an unknown ioctl", ioctl_nonblocking},
    {"transfer-files", KERNEL, "sendfile and splice to; splice from", files},
    {"transfer-bad-buffers", KERNEL, "send and recv with a bad pointer", bad_buffers},
};
const struct rows transfer_rows = ROWS(table);
