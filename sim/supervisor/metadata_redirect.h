// SPDX-License-Identifier: Apache-2.0

// The parent instance's metadata service: a program that connects to 169.254.169.254:80 reaches the
// world's own (glovebox imds) at another address. On an EC2 instance the address would be the real
// service's, elsewhere no host has it.
//
// The connect is made in the program's place, on its own socket; an address on loopback is reached,
// or refuses, at once. Its getpeername then says where the service really is.
#pragma once

#include <netinet/in.h>

#include <optional>

#include "sim/supervisor/system_call.h"
#include "sim/supervisor/tracee.h"

namespace glovebox::supervisor {

class MetadataRedirect {
  public:
    // `service` is a loopback address: the call is answered while it connects.
    explicit MetadataRedirect(sockaddr_in service) : service_(service) {}

    // Whether it is a connect(2) to the metadata service.
    [[nodiscard]] static bool concerns(const SystemCall& call, Tracee& tracee);
    // The answer to a connect(2) to the metadata service; nothing for every other call.
    [[nodiscard]] std::optional<SyscallReply> answer(const SystemCall& call, Tracee& tracee) const;

  private:
    sockaddr_in service_;
};

}  // namespace glovebox::supervisor
