// SPDX-License-Identifier: Apache-2.0

// hosts(5): names and their addresses, indexed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/address/host_name.h"
#include "core/address/ip_address.h"

namespace glovebox::core {

class HostsFile {
  public:
    HostsFile() = default;
    // Reads the text of a hosts file. Lines without an address or a name are passed over.
    explicit HostsFile(std::string_view text);

    // The name's addresses of both families, in the order of their lines; empty for another name.
    // Upper and lower case are the same.
    [[nodiscard]] std::vector<IpAddress> find(const HostName& name) const;

  private:
    struct Entry {
        std::string name;  // lower case, without a trailing dot
        IpAddress address;
    };
    std::vector<Entry> entries_;  // by name
};

}  // namespace glovebox::core
