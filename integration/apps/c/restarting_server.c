// SPDX-License-Identifier: Apache-2.0

/* An echo server that closes its listener after every connection and binds the same port again,
   with SO_REUSEADDR, while the connection lives on. restarting_server PORT CONNECTIONS */
#include <stdio.h>
#include <unistd.h>

#include "app.h"

int main(int argc, char** argv) {
    const char* usage = "PORT CONNECTIONS";
    unsigned port = (unsigned)argument(argc, argv, 1, usage);
    unsigned long connections = argument(argc, argv, 2, usage);
    for (; connections > 0; --connections) {
        struct sockaddr_vm address = vsock_address(VMADDR_CID_ANY, port);
        int listener = socket(AF_VSOCK, SOCK_STREAM, 0), one = 1;
        if (listener < 0 || setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0)
            die("SO_REUSEADDR");
        if (bind(listener, (struct sockaddr*)&address, sizeof address) != 0)
            die("bind");
        if (listen(listener, 8) != 0)
            die("listen");
        puts("listening");
        fflush(stdout);
        int stream = accept(listener, NULL, NULL);
        if (stream < 0)
            die("accept");
        close(listener);
        echo(stream);
        close(stream);
    }
    return 0;
}
