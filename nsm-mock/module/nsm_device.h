// SPDX-License-Identifier: Apache-2.0

// The Nitro Secure Module as its caller sees it: request bytes to response bytes.
//
// On Nitro it is /dev/nsm, driven by one ioctl, _IOWR(0x0A, 0, struct nsm_raw) (linux/nsm.h); both
// directions are CBOR. MockNsm answers from memory; HardwareNsm, its twin, passes the bytes to the
// real device. Which of the two a program holds is the only difference between a run on a laptop
// and one on hardware.
#pragma once

#include "core/base/bytes.h"

namespace glovebox::nsm {

// The driver's limits (linux drivers/misc/nsm.c): a longer request is EMSGSIZE, a longer response
// is cut.
inline constexpr std::size_t request_bytes_max = 0x1000;
inline constexpr std::size_t response_bytes_max = 0x3000;

class NsmDevice {
  public:
    virtual ~NsmDevice() = default;

    // One request, one response; total: it always answers, with {"Error": name} where a request is
    // wrong, and never throws for anything in `request`. At most response_bytes_max bytes. Safe
    // from any thread, one at a time.
    [[nodiscard]] virtual Bytes process(BytesView request) = 0;
};

}  // namespace glovebox::nsm
