// SPDX-License-Identifier: Apache-2.0

// The sockets that rows are made of. Those that can't fail in a working AF_VSOCK end the row if
// they do.
#pragma once

#include "table.h"

#define ANY VMADDR_CID_ANY  // also VMADDR_PORT_ANY

struct sockaddr_vm address_of(unsigned cid, unsigned port);

// As socket(2) makes it.
int plain_socket(int flags);
// One that waits long for an answer to its connect, so that no row depends on how busy the machine
// is.
int stream_socket(int flags);
int bind_to(int socket, unsigned cid, unsigned port);
int connect_to(int socket, unsigned cid, unsigned port);

// Listens on (any, port).
int listener_at(unsigned port, int backlog);

// Both ends of one connection from this process to itself.
struct pair {
    int listener, client, accepted;
};
struct pair connected_pair(unsigned port);

// Waits until poll shows one of the events (or ERR or HUP), for as long as an event may need on a
// busy machine; what poll showed.
short wait_for(int descriptor, short events);

// Until all that was sent within this CID has arrived and been answered. No row sleeps for that:
// how long it takes depends on the machine.
void settle(void);
// Until a process sleeps in a system call. Only for one that has no other reason to sleep.
void wait_until_asleep(pid_t process);

// Reads until `size` bytes, the end or an error; how many came, or -1 when the first read failed.
long read_all(int descriptor, char* to, size_t size);

void set_nonblocking(int descriptor);

// How many SIGPIPEs came since catch_sigpipe().
void catch_sigpipe(void);
int sigpipes(void);
