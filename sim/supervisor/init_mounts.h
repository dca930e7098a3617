// SPDX-License-Identifier: Apache-2.0

// The mounts that an image's own init makes and a user namespace does not allow: devtmpfs, procfs,
// sysfs and cgroups. The sandbox has a /dev, a /proc and a /sys already; mount(2) of one of them
// succeeds, and shows it where init wants it. Modules, nsm.ko among them, are there already too, so
// that loading one succeeds and does nothing.
//
// That holds for whoever has the capability in the enclave, and for mounts in the namespaces that
// init itself is in; the kernel has the word about all others.
#pragma once

#include <functional>

#include "core/base/log.h"
#include "sim/supervisor/device_file.h"
#include "sim/supervisor/enclave_root.h"
#include "sim/supervisor/system_call.h"
#include "sim/supervisor/tracee.h"

namespace glovebox::supervisor {

class InitMounts {
  public:
    enum class Kind { dev, proc, sys };
    // Shows the sandbox's own at `target`, an O_PATH descriptor of a folder. Returns 0 or an errno.
    using Attach = std::function<int(Kind, int target)>;

    // `dev` is the sandbox's /dev. What is given by reference outlives the object.
    InitMounts(const EnclaveRoot& root, DeviceFolder dev, Attach attach, Log& log)
        : root_(root), dev_(dev), attach_(std::move(attach)), log_(log) {}

    [[nodiscard]] static bool handles(int number);
    [[nodiscard]] SyscallReply answer(const SystemCall& call, Tracee& tracee) const;

  private:
    [[nodiscard]] SyscallReply mount(const SystemCall& call, Tracee& tracee) const;
    [[nodiscard]] int show(Kind kind, int target) const;
    [[nodiscard]] bool is_there(Kind kind, int target) const;

    const EnclaveRoot& root_;
    DeviceFolder dev_;
    Attach attach_;
    Log& log_;
};

}  // namespace glovebox::supervisor
