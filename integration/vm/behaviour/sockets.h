// The sockets that rows are made of. Those that can't fail in a working AF_VSOCK end the row if
// they do.
#pragma once

#include "table.h"

#define ANY VMADDR_CID_ANY  // also VMADDR_PORT_ANY

struct sockaddr_vm address_of(unsigned cid, unsigned port);

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

// Waits until poll shows one of the events, at the most two seconds; what poll showed.
short wait_for(int descriptor, short events);

// Reads until `size` bytes, the end or an error; how many came, or -1 when the first read failed.
long read_all(int descriptor, char* to, size_t size);

void set_nonblocking(int descriptor);
void sleep_milliseconds(int milliseconds);

// How many SIGPIPEs came since catch_sigpipe().
void catch_sigpipe(void);
int sigpipes(void);
