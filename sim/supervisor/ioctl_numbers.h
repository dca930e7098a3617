// SPDX-License-Identifier: Apache-2.0

// The two device files' ioctls.
#pragma once

#include <sys/ioctl.h>
#include <sys/uio.h>

#include <cstdint>

namespace glovebox::supervisor {

// linux/nsm.h: struct nsm_raw, request and response as address and length.
struct NsmRaw {
    struct {
        std::uint64_t address;
        std::uint64_t length;
    } request, response;
};
inline constexpr std::uint32_t ioctl_nsm_raw = _IOWR(0x0A, 0, NsmRaw);
static_assert(ioctl_nsm_raw == 0xc0200a00u);

// linux/vm_sockets.h: IOCTL_VM_SOCKETS_GET_LOCAL_CID, on /dev/vsock.
inline constexpr std::uint32_t ioctl_get_local_cid = _IO(7, 0xb9);

}  // namespace glovebox::supervisor
