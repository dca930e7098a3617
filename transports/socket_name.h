// SPDX-License-Identifier: Apache-2.0

// The path rule: what the sockets of a world are called, and whom a name speaks for.
//
//   16.5005         the listener of CID 16, port 5005
//   16.local.5005   what CID 16 has bound to CID 1 (VMADDR_CID_LOCAL): reached by itself alone
//
//   DIGITS~16.5005  a listener of the supervisor's own that speaks for CID 16, port 5005
//
// A connecting side has an abstract name that ends in the first form, so that the acceptor can read
// who it is (client_names.h). The first form is the rule of gilbahat/vsock-emulation-layer.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/vsock_address.h"

namespace glovebox::transports {

// "16.5005". Both numbers must be true ones: neither is the any value.
[[nodiscard]] std::string socket_name(core::VsockAddress address);

// "16.local.5005".
[[nodiscard]] std::string local_socket_name(core::Cid own, core::Port port);

// "0123456789abcdef~16.5005", whose first part tells it from others that speak for the address.
[[nodiscard]] std::string meeting_name(std::string_view digits, core::VsockAddress address);

// The address in the last component of a path: 16:5005 in "/anywhere/16.5005", 1:5005 in
// "/anywhere/16.local.5005". Nothing for any other form: no sign, no leading zero, no any value,
// nothing before, between or after.
[[nodiscard]] std::optional<core::VsockAddress> parse_socket_name(std::string_view path);

}  // namespace glovebox::transports
