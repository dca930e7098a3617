// SPDX-License-Identifier: Apache-2.0

// The first thing that an enclave does: it tells the parent that it boots.
//
// AWS's init connects to CID 3 port 9000, writes the byte 0xB7, reads it back and closes; one try,
// no time limit. nitro-cli listens there and takes it for the enclave's being up; it does so before
// the program starts, and whether or not it can be started at all.
//
//   enclave -> parent   B7
//   parent  -> enclave  B7
//
// A listener on the parent's port 9000 in this world receives it. `glovebox run` takes the place of
// nitro-cli, so no listener is needed.
#pragma once

#include "core/base/error.h"
#include "core/vsock_address.h"
#include "transports/world.h"

namespace glovebox::enclave {

inline constexpr core::Port heartbeat_port = 9000;
inline constexpr unsigned char heartbeat_byte = 0xB7;

// Whether somebody listened. The error is in AWS's init's words where the answer is not the byte;
// EINTR when `interruption` became readable before an answer came.
[[nodiscard]] Result<bool> send_boot_heartbeat(transports::World& world, core::Cid own,
                                               int interruption);

}  // namespace glovebox::enclave
