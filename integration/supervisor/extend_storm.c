// SPDX-License-Identifier: Apache-2.0

/* Extends register 16 again and again, while a second thread sends signals to the asking one; then
   takes a document while they go on, and prints the register in hexadecimal, the signals caught and
   how many calls said EINTR. Every few extensions it waits for another signal, so that a machine
   under load does not finish the one thread before the other begins.
   extend_storm EXTENSIONS restart|interrupt */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "nsm_request.h"
#include "storm.h"

enum { extensions_a_signal = 10 };

int main(int argc, char** argv) {
    const char* usage = "EXTENSIONS restart|interrupt";
    unsigned long extensions = argument(argc, argv, 1, usage), interrupted = 0;
    int device = open("/dev/nsm", O_RDWR | O_CLOEXEC);
    if (device < 0)
        die("/dev/nsm");
    storm_begin(argc > 2 ? argv[2] : "interrupt", 100000);
    static unsigned char response[nsm_response_max];
    /* {"ExtendPCR": {"index": 16, "data": h'01'}} */
    const char extend[] =
        "\xa1\x69"
        "ExtendPCR"
        "\xa2\x65"
        "index"
        "\x10\x64"
        "data"
        "\x41\x01";
    for (unsigned long done = 0; done < extensions;) {
        if (done % extensions_a_signal == 0)
            storm_wait();
        struct nsm_raw raw = {(uintptr_t)extend, sizeof extend - 1, (uintptr_t)response,
                              sizeof response};
        if (ioctl(device, NSM_RAW, &raw) == 0)
            ++done;
        else if (errno == EINTR)
            ++interrupted; /* nothing was done */
        else
            die("ioctl");
    }
    const char attestation[] =
        "\x6b"
        "Attestation";
    struct nsm_raw raw = {(uintptr_t)attestation, sizeof attestation - 1, (uintptr_t)response,
                          sizeof response};
    while (ioctl(device, NSM_RAW, &raw) != 0)
        if (errno != EINTR)
            die("ioctl");
    const long caught = storm_end();
    /* {"DescribePCR": {"index": 16}} -> {"DescribePCR": {"lock": false, "data": h'...'}} */
    const char describe[] =
        "\xa1\x6b"
        "DescribePCR"
        "\xa1\x65"
        "index"
        "\x10";
    size_t length = nsm_ask(device, describe, sizeof describe - 1, response);
    unsigned char* data = memmem(response, length,
                                 "\x64"
                                 "data\x58\x30",
                                 7);
    if (data == NULL)
        die("the register");
    for (int i = 0; i < 48; ++i)
        printf("%02x", data[7 + i]);
    printf(" %ld signals %lu interrupted\n", caught, interrupted);
    return 0;
}
