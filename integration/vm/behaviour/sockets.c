#include "sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct sockaddr_vm address_of(unsigned cid, unsigned port) {
    struct sockaddr_vm address;
    memset(&address, 0, sizeof(address));
    address.svm_family = AF_VSOCK;
    address.svm_cid = cid;
    address.svm_port = port;
    return address;
}

int stream_socket(int flags) {
    int made = socket(AF_VSOCK, SOCK_STREAM | flags, 0);
    if (made < 0)
        give_up("socket");
    return made;
}

int bind_to(int socket, unsigned cid, unsigned port) {
    struct sockaddr_vm address = address_of(cid, port);
    return bind(socket, (struct sockaddr*)&address, sizeof(address));
}

int connect_to(int socket, unsigned cid, unsigned port) {
    struct sockaddr_vm address = address_of(cid, port);
    return connect(socket, (struct sockaddr*)&address, sizeof(address));
}

int listener_at(unsigned port, int backlog) {
    int listener = stream_socket(0);
    if (bind_to(listener, ANY, port) != 0)
        give_up("bind");
    if (listen(listener, backlog) != 0)
        give_up("listen");
    return listener;
}

struct pair connected_pair(unsigned port) {
    struct pair pair = {.listener = listener_at(port, 8), .client = stream_socket(0)};
    if (connect_to(pair.client, place.self, port) != 0)
        give_up("connect");
    pair.accepted = accept(pair.listener, NULL, NULL);
    if (pair.accepted < 0)
        give_up("accept");
    return pair;
}

short wait_for(int descriptor, short events) {
    struct pollfd polled = {.fd = descriptor, .events = events};
    poll(&polled, 1, 2000);
    return polled.revents;
}

long read_all(int descriptor, char* to, size_t size) {
    size_t done = 0;
    while (done < size) {
        ssize_t got = read(descriptor, to + done, size - done);
        if (got < 0 && done == 0)
            return -1;
        if (got <= 0)
            break;
        done += (size_t)got;
    }
    return (long)done;
}

void set_nonblocking(int descriptor) {
    fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK);
}

void sleep_milliseconds(int milliseconds) {
    struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
    while (nanosleep(&time, &time) != 0 && errno == EINTR)
        ;
}

static volatile sig_atomic_t sigpipe_count;
static void on_sigpipe(int number) {
    (void)number;
    ++sigpipe_count;
}

void catch_sigpipe(void) {
    struct sigaction action = {.sa_handler = on_sigpipe};
    sigaction(SIGPIPE, &action, NULL);
}

int sigpipes(void) {
    return sigpipe_count;
}
