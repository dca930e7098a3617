// SPDX-License-Identifier: Apache-2.0

// The heartbeat: the first thing that an enclave does is to tell its parent that it boots.
//
// AWS's init connects to CID 3, port 9000, writes the byte 0xB7, reads it back and closes. It tries
// once, without a time limit, before the program starts and whether or not it can be started.
// nitro-cli listens there and waits for the byte: it means that the enclave is up.
//
//   enclave -> parent   B7
//   parent  -> enclave  B7
//
// A listener on the parent's port 9000 in this world receives it. `glovebox run` takes the place of
// nitro-cli, so it needs no listener.
#pragma once

#include "core/address/vsock_address.h"
#include "core/base/error.h"
#include "transports/world.h"

namespace glovebox::enclave {

inline constexpr core::Port heartbeat_port = 9000;
inline constexpr unsigned char heartbeat_byte = 0xB7;

// Sends the heartbeat of the enclave `own`. Returns whether anybody listened. The error, in the
// words of AWS's init, is an answer other than the byte, or a failed call; EINTR if `interruption`
// became readable before the answer came (-1: never).
[[nodiscard]] Result<bool> send_boot_heartbeat(transports::World& world, core::Cid own,
                                               int interruption);

}  // namespace glovebox::enclave
