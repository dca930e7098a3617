// SPDX-License-Identifier: Apache-2.0

// /dev/vsock, whose one use is to ask for the own CID.
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sockets.h"

static void local_cid(void) {
    int device = open("/dev/vsock", O_RDONLY | O_CLOEXEC);
    unsigned cid = 0x5a5a5a5a;
    if (device < 0)
        say_call("open", device);
    say_call("ioctl", ioctl(device, IOCTL_VM_SOCKETS_GET_LOCAL_CID, &cid));
    say("cid=%s", cid == place.self ? "self" : cid == ANY ? "any" : "other");
}

static void open_modes(void) {
    say_call("O_WRONLY", open("/dev/vsock", O_WRONLY) < 0 ? -1 : 0);
    say_call("O_RDWR", open("/dev/vsock", O_RDWR) < 0 ? -1 : 0);
}

static void kind(void) {
    struct stat found;
    say_call("stat", stat("/dev/vsock", &found));
    say("%s", S_ISCHR(found.st_mode) ? "character-device" : "other");
}

static void read_write(void) {
    int device = open("/dev/vsock", O_RDWR);
    char got[4];
    say_call("read", read(device, got, sizeof(got)));
    say_call("write", write(device, "x", 1));
}

static void other_ioctls(void) {
    int device = open("/dev/vsock", O_RDONLY);
    unsigned value = 0;
    say_call("unknown", ioctl(device, 0x7ff, &value));
    say_call("bad-pointer", ioctl(device, IOCTL_VM_SOCKETS_GET_LOCAL_CID, (void*)8));
}

static void on_a_socket(void) {
    unsigned cid = 0;
    say_call("ioctl", ioctl(stream_socket(0), IOCTL_VM_SOCKETS_GET_LOCAL_CID, &cid));
}

static const struct row table[] = {
    {"device-local-cid", KERNEL, "open /dev/vsock; IOCTL_VM_SOCKETS_GET_LOCAL_CID", local_cid},
    {"device-open-modes", KERNEL, "open for writing", open_modes},
    {"device-kind", KERNEL, "stat /dev/vsock", kind},
    {"device-read-write", KERNEL, "read and write", read_write},
    {"device-other-ioctls", KERNEL, "an unknown ioctl; a bad pointer", other_ioctls},
    {"device-ioctl-on-socket", KERNEL, "GET_LOCAL_CID asked of a socket", on_a_socket},
};
const struct rows device_rows = ROWS(table);
