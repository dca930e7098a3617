// SPDX-License-Identifier: Apache-2.0

// Asks http://one.example.com/ by the C library's resolver and prints the answer's body. Built on
// musl, whose resolver sends its questions for both families at once and knows no nsswitch.conf.

#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(void) {
    static const char request[] = "GET / HTTP/1.1\r\nHost: musl\r\nConnection: close\r\n\r\n";
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo* found;
    int error = getaddrinfo("one.example.com", "80", &hints, &found);
    if (error != 0) {
        fprintf(stderr, "getaddrinfo: %s\n", gai_strerror(error));
        return 1;
    }
    int server = socket(found->ai_family, found->ai_socktype, found->ai_protocol);
    if (connect(server, found->ai_addr, found->ai_addrlen) != 0 ||
        write(server, request, strlen(request)) < 0) {
        perror("one.example.com");
        return 1;
    }
    char answer[4096];
    size_t size = 0;
    for (ssize_t got; size < sizeof answer - 1 &&
                      (got = read(server, answer + size, sizeof answer - 1 - size)) > 0;)
        size += (size_t)got;
    answer[size] = '\0';
    char* body = strstr(answer, "\r\n\r\n");
    fputs(body ? body + 4 : answer, stdout);
    return 0;
}
