// SPDX-License-Identifier: Apache-2.0

/* Asks the security module by raw ioctl: describes it, extends and reads a register, draws random
   bytes, and takes a document with a nonce, whose bytes it prints in hexadecimal. attest */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app.h"

struct nsm_raw {
    uint64_t request, request_length, response, response_length;
};
#define NSM_RAW _IOWR(0x0A, 0, struct nsm_raw)

static unsigned char response[0x3000];

static size_t ask(int device, const void* request, size_t length) {
    struct nsm_raw raw = {(uint64_t)(uintptr_t)request, length, (uint64_t)(uintptr_t)response,
                          sizeof response};
    if (ioctl(device, NSM_RAW, &raw) != 0)
        die("ioctl");
    return raw.response_length;
}

/* Where a text stands in the response, or the end of the program. */
static unsigned char* find(const char* text, size_t length) {
    unsigned char* found = memmem(response, length, text, strlen(text));
    if (found == NULL) {
        fprintf(stderr, "no %s in the response\n", text);
        _exit(1);
    }
    return found;
}

int main(void) {
    int device = open("/dev/nsm", O_RDWR | O_CLOEXEC);
    struct stat status;
    if (device < 0)
        die("/dev/nsm");
    if (fstat(device, &status) != 0 || !S_ISCHR(status.st_mode))
        die("fstat");

    const char describe[] =
        "\x6b"
        "DescribeNSM";
    find("module_id", ask(device, describe, sizeof describe - 1));

    /* {"ExtendPCR": {"index": 16, "data": h'01'}} */
    const char extend[] =
        "\xa1\x69"
        "ExtendPCR"
        "\xa2\x65"
        "index"
        "\x10\x64"
        "data"
        "\x41\x01";
    find("data", ask(device, extend, sizeof extend - 1));

    const char random[] =
        "\x69"
        "GetRandom";
    find("random", ask(device, random, sizeof random - 1));

    /* {"Attestation": {"nonce": h'6e6f6e6365'}} */
    const char attestation[] =
        "\xa1\x6b"
        "Attestation"
        "\xa1\x65"
        "nonce"
        "\x45"
        "nonce";
    size_t length = ask(device, attestation, sizeof attestation - 1);
    /* {"Attestation": {"document": h'...'}}: a byte string with a two-byte length */
    unsigned char* document = find("document", length) + strlen("document");
    if (document[0] != 0x59)
        die("the document's length");
    size_t size = (size_t)document[1] << 8 | document[2];
    for (size_t i = 0; i < size; ++i)
        printf("%02x", document[3 + i]);
    puts("");
    return 0;
}
