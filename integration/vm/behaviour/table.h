// SPDX-License-Identifier: Apache-2.0

// The table of how AF_VSOCK behaves: what a row is and what its function may say.
//
// A row is one corner of the address family. Its function runs in a process of its own, makes the
// system calls and says what came back, by names rather than numbers where numbers vary from run to
// run; the program prints one line a row:
//
//   <id> TAB <who decides> TAB <what was done> TAB <what came back>
//
// C11 and Linux headers alone, without the product's libraries: the program knows AF_VSOCK only.
#pragma once

#include <linux/vm_sockets.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum decider {
    KERNEL,   // the guest's kernel: an enclave with that kernel answers the same
    SWITCH,   // what lies behind the vsock device: our switch here, the hypervisor on Nitro
    UNKNOWN,  // the kernel here, but Nitro's configuration may differ and no source says
};

struct row {
    const char* id;
    enum decider decider;
    const char* what;
    void (*run)(void);
};

struct rows {
    const struct row* row;
    size_t count;
};

// One per file of rows; `all_rows` in table.c has them in the order of the table.
extern const struct rows socket_rows, bind_rows, connect_rows, accept_rows, name_rows, option_rows,
    poll_rows, transfer_rows, close_rows, descriptor_rows, device_rows, agent_rows;
#define ROWS(table) \
    { table, sizeof(table) / sizeof((table)[0]) }

// Where the program runs; set from its arguments before any row.
struct place {
    unsigned self;       // the CID by which the program reaches itself
    unsigned agent_cid;  // where the far end of the agent rows listens (agent.h)
    unsigned agent_port;
    unsigned silent_cid;  // never answers, where anything leads to it
};
extern struct place place;

// A port that no other row uses; n is below 16.
unsigned port(unsigned n);

// Appends to what the row says; words are separated by spaces.
void say(const char* format, ...) __attribute__((format(printf, 1, 2)));
// "what=<value>", or "what=ECONNRESET" when `result` is -1. Reads errno.
void say_call(const char* what, long result);
// "what=ECONNRESET", "what=0"
void say_errno(const char* what, int error);
// "what=self:auto len=16": an address as symbols. A port that the kernel chose is "auto".
void say_address(const char* what, const struct sockaddr_vm* address, socklen_t length);
// What getsockname and getpeername say.
void say_own_name(const char* what, int socket);
void say_peer_name(const char* what, int socket);
// The events that poll shows at once, "poll=IN|OUT".
void say_poll(const char* what, int descriptor);
void say_events(const char* what, unsigned events);
const char* errno_name(int error);

// How long something may take that is certain to come, on a machine that is busy.
enum { patience_milliseconds = 10000 };

// Ends the row: it couldn't be set up, which is an answer too.
void give_up(const char* what) __attribute__((noreturn));
