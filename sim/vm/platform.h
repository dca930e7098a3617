// SPDX-License-Identifier: Apache-2.0

// How a guest looks to QEMU, per architecture, and whether KVM can run it.
#pragma once

#include <string>
#include <string_view>

#include "core/base/error.h"

namespace glovebox::vm {

struct Platform {
    std::string_view machine;     // uname's name of the architecture
    std::string_view qemu;        // the program
    std::string_view board;       // the type of -machine
    std::string_view tcg_cpu;     // -cpu without KVM
    std::string_view console;     // the kernel's name of the first serial port
    std::string_view tcg_append;  // kernel parameters that emulation needs
    std::string_view debian;      // Debian's name of the architecture
    // The metapackages that depend on the newest kernel: the small one for clouds, and the one
    // with all modules, which has 9p.
    std::string_view cloud_package;
    std::string_view full_package;
};

// The platform of an architecture, which is this machine's: guests run programs that were built
// for it. The error lists the architectures that are supported.
[[nodiscard]] Result<Platform> find_platform(std::string_view machine);
[[nodiscard]] Result<Platform> this_platform();

enum class Acceleration { kvm, tcg };

// What is looked at; tests name files of their own.
struct KvmFiles {
    std::string device = "/dev/kvm";
    std::string cpu_info = "/proc/cpuinfo";
};

// The value `wish` of GLOVEBOX_VM_ACCEL ("kvm", "tcg") decides; with an empty one, KVM is used
// where the device can be opened and an x86 processor has vmx or svm. The device alone does not
// suffice: in many virtual machines it opens, and no guest starts.
[[nodiscard]] Result<Acceleration> choose_acceleration(std::string_view wish,
                                                       std::string_view machine,
                                                       const KvmFiles& files = {});

}  // namespace glovebox::vm
