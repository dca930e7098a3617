// SPDX-License-Identifier: Apache-2.0

// The order of RFC 6724, 6, in which a client tries the addresses of a name.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "core/address/ip_address.h"

namespace glovebox::core {

// The address from which this host would send to `destination`; empty if it can't. Nothing is sent.
using FindSource = std::function<std::optional<IpAddress>(const IpAddress& destination)>;

// Sorts by the rules 1, 2, 5, 6, 8 and 9; the kernel's choice of a source knows the others. Equal
// addresses keep their order.
void sort_addresses(std::vector<IpAddress>& addresses, const FindSource& find_source);

// The same with this host's sources. At most two descriptors are open meanwhile.
void sort_addresses(std::vector<IpAddress>& addresses);

}  // namespace glovebox::core
