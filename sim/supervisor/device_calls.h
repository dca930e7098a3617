// SPDX-License-Identifier: Apache-2.0

// The opens, stats and ioctls that could concern /dev/nsm and /dev/vsock, and the opens of an
// enclave's settings (kernel_settings.h).
//
// Every open of every program comes through here, so the answer "another file" must be quick: one
// read of the path, one look at its text, and where the kernel finds no device by itself
// (DeviceFolder::has_nodes) one readlink. Only a path that may be a device's is walked
// (path_walk.h).
#pragma once

#include <functional>
#include <optional>

#include "core/address/vsock_address.h"
#include "sim/supervisor/device_file.h"
#include "sim/supervisor/kernel_settings.h"
#include "sim/supervisor/nsm_calls.h"
#include "sim/supervisor/system_call.h"
#include "sim/supervisor/tracee.h"

namespace glovebox::supervisor {

// Gives a program its end of a channel to the supervisor.
using ControlDoor = std::function<OrErrno<UniqueFd>(pid_t thread)>;

class DeviceCalls {
  public:
    // `nsm` is null on the parent's side, where there is no such device, and so are `settings`,
    // since a parent's are this machine's. What is given by reference outlives it.
    DeviceCalls(core::Cid own, DeviceFolder dev, NsmCalls* nsm, ControlDoor control_door,
                KernelSettings* settings = nullptr)
        : own_(own),
          dev_(dev),
          nsm_(nsm),
          control_door_(std::move(control_door)),
          settings_(settings),
          looks_at_links_(!dev.has_nodes) {}

    [[nodiscard]] static bool handles(int number);
    // Which argument of the call is a path of a device; nothing for the others.
    [[nodiscard]] static std::optional<std::size_t> path_argument(int number);
    [[nodiscard]] SyscallReply answer(const SystemCall& call, Tracee& tracee);

  private:
    [[nodiscard]] bool exists(DeviceFile device) const;
    [[nodiscard]] std::optional<DeviceFile> find(const SystemCall& call, int directory,
                                                 const std::string& path, bool follows_last);
    [[nodiscard]] bool may_concern_us(const SystemCall& call, int directory,
                                      const std::string& path, bool follows_last) const;
    SyscallReply ioctl(const SystemCall& call, Tracee& tracee);
    SyscallReply open(DeviceFile device, const SystemCall& call, int flags);

    core::Cid own_;
    DeviceFolder dev_;
    NsmCalls* nsm_;
    ControlDoor control_door_;
    KernelSettings* settings_;
    UniqueFd last_nsm_;        // the open file that was last asked by the module's ioctl
    bool shares_root_ = true;  // no thread of the tree has left our root, or our mounts
    bool looks_at_links_;
};

}  // namespace glovebox::supervisor
