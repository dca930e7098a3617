// SPDX-License-Identifier: Apache-2.0

// A network namespace whose only interface is lo, as an enclave's, in which every address is local.
//
// Then a listener on 0.0.0.0 accepts a connection to any address, and getsockname(2) names the
// address that was meant. It takes rtnetlink(7) alone, so it works with every kernel of an enclave.
#pragma once

#include "core/address/ip_address.h"
#include "core/base/error.h"

namespace glovebox::core {

struct LocalAddresses {
    bool lo_was_down = false;
    bool has_ipv6 = false;  // false where the kernel has IPv6 switched off
};

// Brings lo up, gives it the first address of the IPv4 network `names`, and makes every address
// local. What is there already stays. Errors: errno's, and ProxyError::not_permitted without
// CAP_NET_ADMIN in the network namespace, or if another interface is up: its traffic would end
// here.
[[nodiscard]] Result<LocalAddresses> make_every_address_local(const IpNetwork& names);

}  // namespace glovebox::core
