// SPDX-License-Identifier: Apache-2.0

// The far end of the agent rows: a small server that does what the first byte of a connection asks.
//
//   'n'  answers the caller's name as it sees it, 4 bytes CID and 4 bytes port, and closes
//   'e'  echoes until the end, then closes
//   'c'  closes at once
//   'u'  waits for the next byte, leaves it unread and closes
//   'h'  writes "half", shuts its writing down and reads to the end
//   'r'  shuts its reading down and writes "r"; it neither reads nor closes
//   's'  writes one MiB and closes without reading
//   'w'  writes "w"; it never reads, and fills up
//
// Beside this program in one guest, in the parent's guest of two, or under the supervisor, it is
// what makes rows of a connection that leaves the enclave.
#pragma once

#define after_exec_argument "--after-exec"

// Serves for ever; returns only when it can't listen.
int serve_agent(unsigned port);
// Starts one as a child process that ends with this one.
void start_agent(unsigned port);

// descriptor_rows.c: what this program does when a row has executed it again.
int after_exec(int descriptor);
