// SPDX-License-Identifier: Apache-2.0

/* What these programs share: an AF_VSOCK listener, all of a buffer, and a sentence at the end. */
#pragma once

#include <linux/vm_sockets.h>
#include <stddef.h>
#include <sys/socket.h>

/* Ends the program with the failing call's name and errno. */
void die(const char* what) __attribute__((noreturn));

/* The number in an argument, or the usage and an end. */
unsigned long argument(int argc, char** argv, int index, const char* usage);

struct sockaddr_vm vsock_address(unsigned cid, unsigned port);

/* A socket that listens on every CID of this machine; says "listening" on stdout. */
int listen_on(unsigned port);
/* A connected socket. */
int connect_to(unsigned cid, unsigned port);

void send_all(int socket, const void* bytes, size_t size);
/* Echoes until the peer has sent everything. */
void echo(int socket);
/* Sends `size` bytes while it reads them back; ends the program where they differ. */
void check_echo(int socket, size_t size);
