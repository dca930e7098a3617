// SPDX-License-Identifier: Apache-2.0

/* One request to the security module by raw ioctl (linux/nsm.h). */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>

#include "../apps/c/app.h"

enum { nsm_response_max = 0x3000 };

struct nsm_raw {
    uint64_t request, request_length, response, response_length;
};
#define NSM_RAW _IOWR(0x0A, 0, struct nsm_raw)

/* The response's length; the program ends where the ioctl fails. */
static inline size_t nsm_ask(int device, const void* request, size_t length,
                             unsigned char* response) {
    struct nsm_raw raw = {(uint64_t)(uintptr_t)request, length, (uint64_t)(uintptr_t)response,
                          nsm_response_max};
    if (ioctl(device, NSM_RAW, &raw) != 0)
        die("ioctl");
    return raw.response_length;
}
