// SPDX-License-Identifier: Apache-2.0

/* Connects again and again, checks what is echoed every time, and tells how many connections it
   had. A pause between them lets the server's accept wait. many_clients CID PORT CONNECTIONS BYTES
   [PAUSE-MICROSECONDS] */
#include <stdio.h>
#include <unistd.h>

#include "../apps/c/app.h"

int main(int argc, char** argv) {
    const char* usage = "CID PORT CONNECTIONS BYTES [PAUSE-MICROSECONDS]";
    unsigned cid = (unsigned)argument(argc, argv, 1, usage);
    unsigned port = (unsigned)argument(argc, argv, 2, usage);
    unsigned long connections = argument(argc, argv, 3, usage);
    size_t size = argument(argc, argv, 4, usage);
    unsigned pause = argc > 5 ? (unsigned)argument(argc, argv, 5, usage) : 0;
    for (unsigned long i = 0; i < connections; ++i) {
        int stream = connect_to(cid, port);
        check_echo(stream, size + i % 7);
        close(stream);
        if (pause > 0)
            usleep(pause);
    }
    printf("%lu connections\n", connections);
    return 0;
}
