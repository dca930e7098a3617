// SPDX-License-Identifier: Apache-2.0
// An enclave's server: greets each connection with the CID that it comes from.
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/vm_sockets.h>

static int check(int result, const char* what) {
    if (result < 0) {
        perror(what);
        exit(1);
    }
    return result;
}

int main(void) {
    const int listener = check(socket(AF_VSOCK, SOCK_STREAM, 0), "socket");
    const struct sockaddr_vm address = {
        .svm_family = AF_VSOCK, .svm_port = 5005, .svm_cid = VMADDR_CID_ANY};
    check(bind(listener, (const struct sockaddr*)&address, sizeof address), "bind");
    check(listen(listener, SOMAXCONN), "listen");
    for (;;) {
        struct sockaddr_vm peer;
        socklen_t length = sizeof peer;
        const int connection = check(accept(listener, (struct sockaddr*)&peer, &length), "accept");
        dprintf(connection, "hello from C, CID %u\n", peer.svm_cid);
        close(connection);
    }
}
