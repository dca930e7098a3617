// SPDX-License-Identifier: Apache-2.0

/* Attacks on a key of whoever started the enclave: the kernel knows a key's owner by the user ID
 * alone (keyrings(7)). */
#define _GNU_SOURCE
#include <linux/keyctl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guard.h"

static long read_key(int serial) {
    char bytes[64];
    return syscall(SYS_keyctl, KEYCTL_READ, serial, bytes, sizeof bytes);
}

void attack_key(int keyring, int key) {
    static const char payload[] = "planted";
    char text[256];
    say("keyctl describe", "the user's key",
        syscall(SYS_keyctl, KEYCTL_DESCRIBE, key, text, sizeof text) > 0);
    say("keyctl read", "the user's key", read_key(key) > 0);
    say("keyctl read", "the user's keyring", read_key(keyring) > 0);
    /* What is linked to one's own keyring may be read. */
    long linked = syscall(SYS_keyctl, KEYCTL_LINK, keyring, KEY_SPEC_PROCESS_KEYRING);
    say("keyctl link and read", "the user's key", linked == 0 && read_key(key) > 0);
    syscall(SYS_keyctl, KEYCTL_UNLINK, keyring, KEY_SPEC_PROCESS_KEYRING);
    say("keyctl search", "the user's keyring",
        syscall(SYS_keyctl, KEYCTL_SEARCH, keyring, "user", "glovebox-guarded", 0) > 0);
    /* One more link to a key that is there changes nothing. */
    say("keyctl link into", "the user's keyring",
        syscall(SYS_keyctl, KEYCTL_LINK, key, keyring) == 0);
    long made = syscall(SYS_add_key, "user", "glovebox-planted", payload, sizeof payload, keyring);
    say("add_key", "the user's keyring", made > 0);
    if (made > 0)
        syscall(SYS_keyctl, KEYCTL_UNLINK, made, keyring);
    say("request_key", "the user's key",
        syscall(SYS_request_key, "user", "glovebox-guarded", NULL, 0) > 0);
    say("keyctl get_persistent", "the user's persistent keyring",
        syscall(SYS_keyctl, KEYCTL_GET_PERSISTENT, -1, KEY_SPEC_PROCESS_KEYRING) > 0);
}
