// SPDX-License-Identifier: Apache-2.0

// The Nitro Secure Module (NSM) as its caller sees it: request bytes in, response bytes out.
//
// The NSM keeps 32 registers (PCRs) for its enclave, gives random bytes, and signs attestation
// documents (attestation_document.h). A program drives it by one ioctl of /dev/nsm, _IOWR(0x0A, 0,
// struct nsm_raw) (linux/nsm.h): nsm_raw holds the address and the length of a request buffer and
// of a response buffer, and both messages are CBOR (nsm_request.h, nsm_response.h). Each call
// stands alone: there are no sessions, and the device cannot be read, written or polled.
//
// MockNsm answers from memory; HardwareNsm passes the bytes to the real device. A program uses the
// same code with either.
#pragma once

#include "core/base/bytes.h"

namespace glovebox::nsm {

// The driver's limits in bytes (linux drivers/misc/nsm.c): it refuses a longer request with
// EMSGSIZE, and cuts a longer response without an error.
inline constexpr std::size_t request_bytes_max = 0x1000;
inline constexpr std::size_t response_bytes_max = 0x3000;

class NsmDevice {
  public:
    virtual ~NsmDevice() = default;

    // Answers one request with one response of at most response_bytes_max bytes. There is always an
    // answer: {"Error": name} if the request is wrong. No content of `request` makes it throw. Call
    // it from any thread, one call at a time; an implementation may allow more.
    [[nodiscard]] virtual Bytes process(BytesView request) = 0;

    // Whether any request may take long; otherwise it is an attestation's signature alone.
    [[nodiscard]] virtual bool may_wait() const { return false; }
    // From now on no request waits, not even one that is being processed.
    virtual void stop_waiting() {}
};

}  // namespace glovebox::nsm
