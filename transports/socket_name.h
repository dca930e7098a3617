// SPDX-License-Identifier: Apache-2.0

// The path rule: the names of a world's sockets, and the address that each name stands for.
//
//   16.5005         the listener of CID 16, port 5005
//   16.local.5005   bound by CID 16 to CID 1 (VMADDR_CID_LOCAL): only CID 16 reaches it
//
//   DIGITS~16.5005  a listener of the supervisor that stands for CID 16, port 5005
//
// A client has an abstract name that ends in the first form, so that the acceptor can read its
// address (client_names.h). The first form is the rule of gilbahat/vsock-emulation-layer.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/address/vsock_address.h"

namespace glovebox::transports {

// "16.5005". Neither number is the any value.
[[nodiscard]] std::string socket_name(core::VsockAddress address);

// "16.local.5005".
[[nodiscard]] std::string local_socket_name(core::Cid own, core::Port port);

// "0123456789abcdef~16.5005", whose first part distinguishes listeners for one address.
[[nodiscard]] std::string meeting_name(std::string_view digits, core::VsockAddress address);

// The address in the last component of a path: 16:5005 in "/anywhere/16.5005", 1:5005 in
// "/anywhere/16.local.5005". Empty for any other form: a sign, a leading zero, an any value or
// additional characters.
[[nodiscard]] std::optional<core::VsockAddress> parse_socket_name(std::string_view path);

}  // namespace glovebox::transports
