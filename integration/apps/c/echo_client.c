// SPDX-License-Identifier: Apache-2.0

/* Sends bytes to an echo server and checks that they come back. echo_client CID PORT [BYTES] */
#include <stdio.h>

#include "app.h"

int main(int argc, char** argv) {
    const char* usage = "CID PORT [BYTES]";
    int stream = connect_to((unsigned)argument(argc, argv, 1, usage),
                            (unsigned)argument(argc, argv, 2, usage));
    size_t size = argc > 3 ? argument(argc, argv, 3, usage) : 1 << 20;
    struct sockaddr_vm peer;
    socklen_t length = sizeof peer;
    if (getpeername(stream, (struct sockaddr*)&peer, &length) != 0)
        die("getpeername");
    check_echo(stream, size);
    printf("peer %u:%u echoed %zu bytes\n", peer.svm_cid, peer.svm_port, size);
    return 0;
}
