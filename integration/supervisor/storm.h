// SPDX-License-Identifier: Apache-2.0

/* A thread that sends SIGUSR1 to the one that starts it, again and again. On a machine under load
   the one may be done before the other has run at all, so whoever is stormed waits for a signal now
   and then. */
#pragma once

/* `manner` is "restart" or "interrupt": what becomes of the interrupted calls. */
void storm_begin(const char* manner, long nanoseconds);
/* Waits until another signal has been caught. */
void storm_wait(void);
/* How many signals were caught. */
long storm_end(void);
