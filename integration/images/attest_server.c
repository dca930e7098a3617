// SPDX-License-Identifier: Apache-2.0

/* Answers each connection on port 5005 with a fresh attestation document, which carries what the
   peer sent as its nonce. Static, so that it runs in an image that has a shell and nothing else. */
#include <fcntl.h>
#include <linux/vm_sockets.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

struct nsm_raw {
    uint64_t request, request_length, response, response_length;
};
#define NSM_RAW _IOWR(0x0A, 0, struct nsm_raw)
#define PORT 5005
/* A CBOR byte string up to this length has a head of one byte. */
#define NONCE_MAX 23

static void die(const char* what) {
    perror(what);
    exit(1);
}

static void send_all(int peer, const unsigned char* bytes, size_t size) {
    while (size > 0) {
        ssize_t sent = send(peer, bytes, size, MSG_NOSIGNAL);
        if (sent < 0)
            die("send");
        bytes += sent;
        size -= (size_t)sent;
    }
}

/* {"Attestation": {"nonce": ...}} goes in, {"Attestation": {"document": ...}} comes out. */
static void attest(const unsigned char* nonce, size_t size, int peer) {
    static const char head[] =
        "\xa1\x6b"
        "Attestation"
        "\xa1\x65"
        "nonce";
    static unsigned char response[0x3000];
    unsigned char request[sizeof head + NONCE_MAX];
    memcpy(request, head, sizeof head - 1);
    request[sizeof head - 1] = (unsigned char)(0x40 | size);
    memcpy(request + sizeof head, nonce, size);
    struct nsm_raw raw = {(uintptr_t)request, sizeof head + size, (uintptr_t)response,
                          sizeof response};
    int device = open("/dev/nsm", O_RDWR | O_CLOEXEC);
    if (device < 0)
        die("/dev/nsm");
    if (ioctl(device, NSM_RAW, &raw) != 0)
        die("ioctl");
    close(device);
    /* The key is followed by a byte string with a length of two bytes. */
    unsigned char* document = memmem(response, raw.response_length, "document", 8);
    if (document == NULL || document[8] != 0x59)
        die("no document");
    send_all(peer, document + 11, (size_t)document[9] << 8 | document[10]);
}

int main(void) {
    struct sockaddr_vm address = {
        .svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_ANY, .svm_port = PORT};
    int listener = socket(AF_VSOCK, SOCK_STREAM, 0);
    if (listener < 0)
        die("socket");
    if (bind(listener, (struct sockaddr*)&address, sizeof address) != 0)
        die("bind");
    if (listen(listener, SOMAXCONN) != 0)
        die("listen");
    puts("serving");
    fflush(stdout);
    for (;;) {
        unsigned char nonce[NONCE_MAX];
        size_t size = 0;
        int peer = accept(listener, NULL, NULL);
        if (peer < 0)
            die("accept");
        for (ssize_t got; size < sizeof nonce; size += (size_t)got)
            if ((got = recv(peer, nonce + size, sizeof nonce - size, 0)) <= 0)
                break;
        attest(nonce, size, peer);
        close(peer);
    }
}
