// SPDX-License-Identifier: Apache-2.0

/* How a probe says what it has seen: "name<TAB>value" a line; a failure's value is errno's name. */
#pragma once

#include <sys/types.h>

void say(const char* name, const char* format, ...) __attribute__((format(printf, 2, 3)));
/* "ok", or the name of errno. */
const char* outcome(int result);
void say_outcome(const char* name, int result);
/* The first line of a file without its newline; errno's name where it can't be read. */
const char* first_line(const char* path);
/* -1 where it can't be read. */
int count_lines(const char* path);
/* Runs `work` in a child; its exit status is errno, 0 for success. */
const char* in_child(int (*work)(void));

/* world_mounts.c */
void probe_mounts(void);

/* world_network.c */
int connect_inet(int type, const char* address, int port);
void probe_network(void);
int raise_lo(void);
void probe_names(void);
