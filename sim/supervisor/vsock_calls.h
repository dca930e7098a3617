// SPDX-License-Identifier: Apache-2.0

// The socket calls of one side, except accept (acceptor.h): what a program asks, and what AF_VSOCK
// would answer (net/vmw_vsock/af_vsock.c).
//
// Each call judges what the kernel judges, in its order, on an AF_UNIX socket of the world instead.
// A descriptor that is not an emulated one is the kernel's own affair.
#pragma once

#include <functional>

#include "core/address/vsock_address.h"
#include "sim/supervisor/bound_names.h"
#include "sim/supervisor/emulated_socket.h"
#include "sim/supervisor/system_call.h"
#include "sim/supervisor/tracee.h"
#include "sim/supervisor/traffic_observer.h"
#include "sim/supervisor/vsock_options.h"
#include "transports/world.h"

namespace glovebox::supervisor {

class VsockCalls {
  public:
    // Told of each connect that is answered ECONNRESET, by the thread that answers.
    using RefusalObserver = std::function<void(core::VsockAddress target)>;

    // `own` is this side's CID; `traffic` and `refused` may be empty. What is given by reference
    // outlives it.
    VsockCalls(core::Cid own, transports::World& world, BoundNames& names,
               VsockOptionTable& options, TrafficObserver* traffic = nullptr,
               RefusalObserver refused = {});

    // Whether `number` is one of these calls.
    [[nodiscard]] static bool handles(int number);
    [[nodiscard]] SyscallReply answer(const SystemCall& call, Tracee& tracee);

  private:
    SyscallReply socket(const SystemCall& call, Tracee& tracee);
    SyscallReply bind(const SystemCall& call, Tracee& tracee);
    SyscallReply connect(const SystemCall& call, Tracee& tracee);
    SyscallReply connect_again(EmulatedSocket& socket);
    SyscallReply listen(const SystemCall& call, Tracee& tracee);
    SyscallReply shutdown(const SystemCall& call, Tracee& tracee);
    SyscallReply name(const SystemCall& call, Tracee& tracee);
    SyscallReply getsockopt(const SystemCall& call, Tracee& tracee);
    SyscallReply setsockopt(const SystemCall& call, Tracee& tracee);

    core::Cid own_;
    bool privileged_;  // the supervisor's own CAP_NET_BIND_SERVICE
    transports::World& world_;
    BoundNames& bound_names_;
    VsockOptionTable& options_;
    TrafficObserver* traffic_;
    RefusalObserver refused_;
};

}  // namespace glovebox::supervisor
