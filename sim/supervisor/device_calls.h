// The opens, stats and ioctls that could concern /dev/nsm and /dev/vsock.
//
// Every open of every program comes through here, so the answer "not ours" must be quick: one read
// of the path, one look at its last component.
#pragma once

#include <functional>
#include <optional>

#include "core/vsock_address.h"
#include "sim/supervisor/device_file.h"
#include "sim/supervisor/nsm_calls.h"
#include "sim/supervisor/system_call.h"
#include "sim/supervisor/tracee.h"

namespace glovebox::supervisor {

// Gives a program its end of a channel to the supervisor.
using ControlDoor = std::function<OrErrno<UniqueFd>(pid_t thread)>;

class DeviceCalls {
  public:
    // `nsm` is null on the parent's side, where there is no such device. What is given by reference
    // outlives it.
    DeviceCalls(core::Cid own, NsmCalls* nsm, ControlDoor control_door)
        : own_(own), nsm_(nsm), control_door_(std::move(control_door)) {}

    [[nodiscard]] static bool handles(int number);
    // Which argument of the call is a path; nothing for ioctl and for calls that are not handled.
    [[nodiscard]] static std::optional<std::size_t> path_argument(int number);
    [[nodiscard]] SyscallReply answer(const SystemCall& call, Tracee& tracee);

  private:
    [[nodiscard]] bool exists(DeviceFile device) const;
    SyscallReply ioctl(const SystemCall& call, Tracee& tracee);
    SyscallReply open(DeviceFile device, const SystemCall& call, int flags);

    core::Cid own_;
    NsmCalls* nsm_;
    ControlDoor control_door_;
};

}  // namespace glovebox::supervisor
