// SPDX-License-Identifier: Apache-2.0

/* Makes a system call by x86's 32-bit entry and prints its answer, a negative errno value.
 * foreign_call */
#include <stdio.h>

int main(void) {
#if defined(__x86_64__)
    int answer = 20; /* getpid of the 32-bit table */
    __asm__ volatile("int $0x80" : "+a"(answer) : : "memory", "r8", "r9", "r10", "r11");
    printf("%d\n", answer > 0 ? 0 : answer);
    return 0;
#else
    puts("no other architecture here");
    return 77;
#endif
}
