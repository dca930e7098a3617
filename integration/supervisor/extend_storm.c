/* Extends register 16 again and again, while a second thread sends signals to the asking one; then
   takes a document while they go on, and prints the register in hexadecimal, the signals caught and
   how many calls said EINTR. extend_storm EXTENSIONS restart|interrupt */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "nsm_request.h"

static atomic_long caught;
static atomic_int over;
static pthread_t asker;

static void count(int number) {
    (void)number;
    atomic_fetch_add(&caught, 1);
}

static void* storm(void* unused) {
    const struct timespec pause = {0, 100000};
    while (!atomic_load(&over)) {
        pthread_kill(asker, SIGUSR1);
        nanosleep(&pause, NULL);
    }
    return unused;
}

int main(int argc, char** argv) {
    const char* usage = "EXTENSIONS restart|interrupt";
    unsigned long extensions = argument(argc, argv, 1, usage), interrupted = 0;
    struct sigaction action = {.sa_handler = count};
    if (argc > 2 && strcmp(argv[2], "restart") == 0)
        action.sa_flags = SA_RESTART;
    sigaction(SIGUSR1, &action, NULL);
    int device = open("/dev/nsm", O_RDWR | O_CLOEXEC);
    if (device < 0)
        die("/dev/nsm");
    asker = pthread_self();
    pthread_t sender;
    if (pthread_create(&sender, NULL, storm, NULL) != 0)
        die("pthread_create");
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
    atomic_store(&over, 1);
    pthread_join(sender, NULL);
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
    printf(" %ld signals %lu interrupted\n", atomic_load(&caught), interrupted);
    return 0;
}
