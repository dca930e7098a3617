// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/bound_names.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "transports/socket_name.h"

namespace glovebox::supervisor {

void BoundNames::add(core::VsockAddress address) {
    names_.insert(address);
    if (names_.size() < next_sweep_)
        return;
    sweep();
    next_sweep_ = std::max(first_sweep, 2 * names_.size());
}

bool BoundNames::sweep() {
    std::erase_if(names_, [this](core::VsockAddress address) {
        world_.unbind(-1, own_, address);
        const std::string name = address.cid == core::cid_local
                                     ? transports::local_socket_name(own_, address.port)
                                     : transports::socket_name(address);
        return ::faccessat(world_.directory(), name.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) != 0;
    });
    return names_.empty();
}

}  // namespace glovebox::supervisor
