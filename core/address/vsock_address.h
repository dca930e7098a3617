// SPDX-License-Identifier: Apache-2.0

// AF_VSOCK addresses: a context identifier and a port, both 32 bits wide (linux/vm_sockets.h).
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/error.h"

namespace glovebox::core {

using Cid = std::uint32_t;
using Port = std::uint32_t;

// The kernel header's names, without their VMADDR_ prefix.
inline constexpr Cid cid_any = 0xffffffff;
inline constexpr Cid cid_hypervisor = 0;
inline constexpr Cid cid_local = 1;
inline constexpr Cid cid_host = 2;
inline constexpr Port port_any = 0xffffffff;

// Nitro: the parent as an enclave sees it (never 2), and the first CID that an enclave can have.
inline constexpr Cid cid_parent = 3;
inline constexpr Cid cid_first_enclave = 4;

struct VsockAddress {
    Cid cid = cid_any;
    Port port = port_any;

    auto operator<=>(const VsockAddress&) const = default;
};

// "16:5005"; the any values are written "any".
[[nodiscard]] std::string to_string(VsockAddress address);

// Reads "16:5005". `cid` may be a number, "any", "parent" (3), "local" (1) or "host" (2); `port` a
// number or "any". Other text is an error that names the expected form.
[[nodiscard]] Result<VsockAddress> parse_vsock_address(std::string_view text);

// "16" or "parent": the CID of one machine.
[[nodiscard]] Result<Cid> parse_cid(std::string_view text);

}  // namespace glovebox::core
