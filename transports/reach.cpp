// SPDX-License-Identifier: Apache-2.0

#include "transports/reach.h"

#include <fmt/core.h>

#include <cerrno>

namespace glovebox::transports {

using core::Cid;
using core::cid_any;
using core::cid_first_enclave;
using core::cid_hypervisor;
using core::cid_local;
using core::cid_parent;

namespace {

bool is_enclave(Cid cid) {
    return cid >= cid_first_enclave && cid != cid_any;
}

std::string spell(Cid cid) {
    return cid == cid_any ? "any" : std::to_string(cid);
}

}  // namespace

Result<Route> route(Cid own, Cid target) {
    if (target == cid_local)
        return Route{.listener = own, .seen_as = cid_local, .local_first = true};
    if (target == own)
        return Route{.listener = own, .seen_as = cid_local, .local_first = false};
    const bool reached =
        own == cid_parent ? is_enclave(target) || target == cid_hypervisor : target == cid_parent;
    if (reached)
        return Route{.listener = target, .seen_as = own, .local_first = false};
    if (own == cid_parent)
        return system_error(
            ECONNRESET,
            fmt::format("CID {} is nobody whom the parent (CID 3) reaches: an enclave's "
                        "CID, 4 or above, was expected",
                        spell(target)));
    return system_error(ECONNRESET,
                        fmt::format("CID {} does not reach CID {}: an enclave reaches its "
                                    "parent (CID 3) alone, as on Nitro",
                                    spell(own), spell(target)));
}

Result<Cid> bindable_cid(Cid own, Cid asked) {
    if (asked == cid_any || asked == own)
        return own;
    if (asked == cid_local)
        return cid_local;
    return system_error(
        EADDRNOTAVAIL,
        fmt::format("CID {} can't be bound here: this side is CID {}; bind that, or any", asked,
                    own));
}

Result<void> check_port_privilege(core::Port port, bool privileged) {
    if (port >= first_unprivileged_port || privileged)
        return {};
    return system_error(EACCES,
                        fmt::format("port {} needs root (CAP_NET_BIND_SERVICE) on the parent, as "
                                    "AF_VSOCK has it: take {} or above",
                                    port, first_unprivileged_port));
}

}  // namespace glovebox::transports
