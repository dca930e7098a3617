// SPDX-License-Identifier: Apache-2.0

/* Two ends of connections, over AF_UNIX or AF_VSOCK alike, and the security module: what
   bench/supervisor measures.

   stream_peer serve ADDRESS CONNECTIONS   accepts, reads each to its end and answers with one byte
   stream_peer connect ADDRESS CONNECTIONS connects, closes, again; prints connections a second
   stream_peer send ADDRESS MEBIBYTES      one connection; prints MiB a second
   stream_peer park ADDRESS THREADS        so many threads accept, answer with one byte and close,
                                           until standard input ends
   stream_peer turn ADDRESS COUNT          connects, reads that byte, closes, again
   stream_peer calls COUNT                 bind(-1), which the supervisor only passes on
   stream_peer random DEVICE COUNT         GetRandom by raw ioctl
   stream_peer chmod COUNT                 chmod of a folder of its own in /tmp

   The last four print the median of one turn or call in us.

   ADDRESS is unix:PATH or vsock:CID:PORT. */
#include <errno.h>
#include <fcntl.h>
#include <linux/vm_sockets.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { chunk = 65536 };

struct address {
    int family;
    socklen_t length;
    union {
        struct sockaddr any;
        struct sockaddr_un unix_name;
        struct sockaddr_vm vsock_name;
    } name;
};

static void die(const char* what) {
    perror(what);
    exit(1);
}

static struct address parse(const char* text) {
    struct address address;
    memset(&address, 0, sizeof address);
    if (strncmp(text, "unix:", 5) == 0) {
        address.family = address.name.unix_name.sun_family = AF_UNIX;
        snprintf(address.name.unix_name.sun_path, sizeof address.name.unix_name.sun_path, "%s",
                 text + 5);
        address.length = sizeof address.name.unix_name;
    } else if (sscanf(text, "vsock:%u:%u", &address.name.vsock_name.svm_cid,
                      &address.name.vsock_name.svm_port) == 2) {
        address.family = address.name.vsock_name.svm_family = AF_VSOCK;
        address.length = sizeof address.name.vsock_name;
    } else {
        fprintf(stderr, "%s: unix:PATH or vsock:CID:PORT was expected\n", text);
        exit(2);
    }
    return address;
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int open_stream(const struct address* address) {
    int stream = socket(address->family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (stream < 0)
        die("socket");
    return stream;
}

static int connect_to(const struct address* address) {
    for (;;) {
        int stream = open_stream(address);
        if (connect(stream, &address->name.any, address->length) == 0)
            return stream;
        if (errno != ECONNRESET && errno != EAGAIN) /* a full backlog */
            die("connect");
        close(stream);
    }
}

static int listen_on(struct address address) {
    int listener = open_stream(&address);
    if (address.family == AF_VSOCK)
        address.name.vsock_name.svm_cid = VMADDR_CID_ANY;
    if (bind(listener, &address.name.any, address.length) != 0 || listen(listener, 1024) != 0)
        die("bind");
    puts("listening");
    fflush(stdout);
    return listener;
}

static void serve(struct address address, long connections) {
    int listener = listen_on(address);
    static char bytes[chunk];
    for (; connections > 0; --connections) {
        int stream = accept(listener, NULL, NULL);
        if (stream < 0)
            die("accept");
        while (read(stream, bytes, sizeof bytes) > 0) {
        }
        send(stream, "", 1, MSG_NOSIGNAL);
        close(stream);
    }
}

static int shared_listener;

static void* answer_with_one_byte(void* unused) {
    struct sockaddr_storage peer;
    for (;;) {
        socklen_t length = sizeof peer;
        int stream = accept(shared_listener, (struct sockaddr*)&peer, &length);
        if (stream < 0)
            die("accept");
        send(stream, "", 1, MSG_NOSIGNAL);
        close(stream);
    }
    return unused;
}

static void park(struct address address, long threads) {
    shared_listener = listen_on(address);
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, chunk);
    for (long i = 0; i < threads; ++i) {
        pthread_t thread;
        if (pthread_create(&thread, &small, answer_with_one_byte, NULL) != 0)
            die("pthread_create");
    }
    char byte;
    while (read(STDIN_FILENO, &byte, 1) > 0) {
    }
}

static void connect_many(const struct address* address, long connections) {
    double begin = now();
    for (long i = 0; i < connections; ++i)
        close(connect_to(address));
    printf("%.0f\n", (double)connections / (now() - begin));
}

static void send_bulk(const struct address* address, long mebibytes) {
    static char bytes[chunk];
    int stream = connect_to(address);
    double begin = now();
    for (long left = mebibytes << 20; left > 0;) {
        ssize_t sent = write(stream, bytes, sizeof bytes);
        if (sent < 0)
            die("write");
        left -= sent;
    }
    shutdown(stream, SHUT_WR);
    if (read(stream, bytes, 1) != 1)
        die("the answer");
    printf("%.0f\n", (double)mebibytes / (now() - begin));
}

static void nothing(int unused) {
    (void)unused;
    bind(-1, NULL, 0);
}

static void get_random(int device) {
    static unsigned char response[0x3000];
    static const char request[] =
        "\x69"
        "GetRandom";
    struct {
        uint64_t request, request_length, response, response_length;
    } raw = {(uintptr_t)request, sizeof request - 1, (uintptr_t)response, sizeof response};
    if (ioctl(device, _IOC(_IOC_READ | _IOC_WRITE, 0x0A, 0, sizeof raw), &raw) != 0)
        die("ioctl");
}

static char own_folder[] = "/tmp/glovebox-bench-XXXXXX";

static void change_mode(int mode) {
    if (chmod(own_folder, (mode_t)mode) != 0)
        die("chmod");
}

static int compare(const void* one, const void* other) {
    double difference = *(const double*)one - *(const double*)other;
    return (difference > 0) - (difference < 0);
}

static const struct address* turns_address;

static void turn(int unused) {
    (void)unused;
    char byte;
    int stream = connect_to(turns_address);
    if (read(stream, &byte, 1) != 1)
        die("the byte");
    close(stream);
}

static void median_of(void (*call)(int), int argument, long count) {
    double* took = calloc((size_t)count, sizeof *took);
    for (long i = 0; i < count; ++i) {
        double begin = now();
        call(argument);
        took[i] = now() - begin;
    }
    qsort(took, (size_t)count, sizeof *took, compare);
    printf("%.1f\n", took[count / 2] * 1e6);
    free(took);
}

int main(int argc, char** argv) {
    const char* what = argc > 1 ? argv[1] : "";
    long count = argc > 2 ? strtol(argv[argc - 1], NULL, 10) : 0;
    if (argc == 4 && strcmp(what, "serve") == 0) {
        serve(parse(argv[2]), count);
    } else if (argc == 4 && strcmp(what, "connect") == 0) {
        struct address address = parse(argv[2]);
        connect_many(&address, count);
    } else if (argc == 4 && strcmp(what, "send") == 0) {
        struct address address = parse(argv[2]);
        send_bulk(&address, count);
    } else if (argc == 4 && strcmp(what, "park") == 0) {
        park(parse(argv[2]), count);
    } else if (argc == 4 && strcmp(what, "turn") == 0) {
        struct address address = parse(argv[2]);
        turns_address = &address;
        median_of(turn, 0, count);
    } else if (argc == 3 && strcmp(what, "calls") == 0) {
        median_of(nothing, 0, count);
    } else if (argc == 4 && strcmp(what, "random") == 0) {
        int device = open(argv[2], O_RDWR | O_CLOEXEC);
        if (device < 0)
            die(argv[2]);
        median_of(get_random, device, count);
    } else if (argc == 3 && strcmp(what, "chmod") == 0) {
        if (mkdtemp(own_folder) == NULL)
            die(own_folder);
        median_of(change_mode, 0700, count);
        rmdir(own_folder);
    } else {
        fprintf(stderr,
                "usage: %s serve|connect|send|park|turn ADDRESS COUNT, random DEVICE COUNT, or "
                "calls|chmod COUNT\n",
                argv[0]);
        return 2;
    }
    return 0;
}
