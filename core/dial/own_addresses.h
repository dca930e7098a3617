// SPDX-License-Identifier: Apache-2.0

// The addresses of this host's interfaces, read again only after the kernel said that they changed:
// getifaddrs(3) takes 60 us, as long as a quarter of a connection, and a dial needs them each time.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "core/address/ip_address.h"
#include "core/base/unique_fd.h"

namespace glovebox::core {

// getifaddrs(3) now. Empty if they cannot be read.
[[nodiscard]] std::vector<IpAddress> read_own_addresses();

class OwnAddresses {
  public:
    explicit OwnAddresses(std::function<std::vector<IpAddress>()> read = read_own_addresses);

    // As they are at this call, in the network namespace of the first call. Where the kernel lets
    // this process have no rtnetlink(7) socket, they are read each time. From any thread.
    [[nodiscard]] std::shared_ptr<const std::vector<IpAddress>> get();

  private:
    [[nodiscard]] bool may_have_changed();

    std::function<std::vector<IpAddress>()> read_;
    std::mutex mutex_;
    UniqueFd changes_;  // RTMGRP_IPV4_IFADDR and RTMGRP_IPV6_IFADDR; none before the first call
    std::shared_ptr<const std::vector<IpAddress>> addresses_;
};

}  // namespace glovebox::core
