// The path rule: what the sockets of a world are called, and whom a name speaks for.
//
//   16.5005         the listener of CID 16, port 5005
//   16.local.5005   what CID 16 has bound to CID 1 (VMADDR_CID_LOCAL): reached by itself alone
//
// A connecting side has an abstract name that ends in the first form, so that the acceptor can read
// who it is (world.h). The first form is the rule of gilbahat/vsock-emulation-layer.
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

// The address in the last component of a path: 16:5005 in "/anywhere/16.5005", 1:5005 in
// "/anywhere/16.local.5005". Nothing for any other form: no sign, no leading zero, no any value,
// nothing before, between or after.
[[nodiscard]] std::optional<core::VsockAddress> parse_socket_name(std::string_view path);

}  // namespace glovebox::transports
