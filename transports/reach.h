// SPDX-License-Identifier: Apache-2.0

// Which CID reaches which: the rules of a Nitro machine, as plain functions.
//
// The parent instance and its enclaves are guests of one hypervisor. Linux's vsock core
// (net/vmw_vsock/af_vsock.c) sends connections to CID 1 or to a guest's own CID to its loopback
// transport and all others to the hypervisor, which connects an enclave only with its parent.
//
//   to \ from      parent (CID 3)              enclave N (CID 4 and up)
//   0 hypervisor   the consoles (0.port)       nothing
//   1 local        itself, seen as CID 1       itself, seen as CID 1
//   2 host         nothing                     nothing
//   3 parent       itself, seen as CID 1       the parent, seen as CID N
//   N              enclave N, seen as CID 3    itself, seen as CID 1
//   other          as N, if it exists          nothing
//   any            nothing                     nothing
//
// "Nothing" is ECONNRESET, the hypervisor's refusal, as for a port without a listener. It cannot be
// ENODEV: a guest's kernel has a transport for every CID, its virtio device. Whether Nitro's
// hypervisor refuses at once or stays silent (ETIMEDOUT after two seconds) is not published.
#pragma once

#include "core/address/vsock_address.h"
#include "core/base/error.h"

namespace glovebox::transports {

// Ports below this one need a privilege on the parent (LAST_RESERVED_PORT, af_vsock.c).
inline constexpr core::Port first_unprivileged_port = 1024;

struct Route {
    core::Cid listener;  // whose listener accepts
    core::Cid seen_as;   // the CID that the acceptor reads
    bool local_first;    // a listener bound to CID 1 comes first
};

// How `own` reaches `target`. Errors: ECONNRESET, with the reason, if it does not.
[[nodiscard]] Result<Route> route(core::Cid own, core::Cid target);

// The CID under which `own` listens when it binds `asked`: itself for its own and for any,
// cid_local for cid_local, EADDRNOTAVAIL for every other.
[[nodiscard]] Result<core::Cid> bindable_cid(core::Cid own, core::Cid asked);

// Errors: EACCES for a port below 1024 without the privilege. On the parent an ordinary user lacks
// it; in an enclave every program is root.
[[nodiscard]] Result<void> check_port_privilege(core::Port port, bool privileged);

}  // namespace glovebox::transports
