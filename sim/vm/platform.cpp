// SPDX-License-Identifier: Apache-2.0

#include "sim/vm/platform.h"

#include <fmt/core.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <sstream>

#include "core/base/file_bytes.h"

namespace glovebox::vm {
namespace {

// Without `-cx16` a 6.x kernel oopses now and then in a cmpxchg16b that TCG gets wrong. Emulated
// time is too coarse to calibrate the TSC by, so its frequency is given. On a busy machine the
// timer's ticks may stay away while the kernel counts them at boot, which then panics ("IO-APIC +
// timer doesn't work!"): `no_timer_check` keeps it from counting, as under KVM.
constexpr std::array platforms{
    Platform{"x86_64", "qemu-system-x86_64", "q35", "max,-cx16", "ttyS0",
             "tsc_early_khz=2000000 no_timer_check", "amd64", "linux-image-cloud-amd64",
             "linux-image-amd64"},
    Platform{"aarch64", "qemu-system-aarch64", "virt", "max,pauth-impdef=on", "ttyAMA0", "",
             "arm64", "linux-image-cloud-arm64", "linux-image-arm64"},
};

bool has_virtualization(const std::string& cpu_info) {
    std::istringstream lines(cpu_info);
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with("flags"))
            continue;
        std::istringstream words(line.substr(line.find(':') + 1));
        for (std::string word; words >> word;)
            if (word == "vmx" || word == "svm")
                return true;
    }
    return false;
}

}  // namespace

Result<Platform> find_platform(std::string_view machine) {
    for (const Platform& platform : platforms)
        if (platform.machine == machine)
            return platform;
    return invalid_input(fmt::format(
        "no guest runs on {}: virtual machines are supported on x86_64 and aarch64", machine));
}

Result<Platform> this_platform() {
    utsname name{};
    ::uname(&name);
    return find_platform(name.machine);
}

Result<Acceleration> choose_acceleration(std::string_view wish, std::string_view machine,
                                         const KvmFiles& files) {
    if (wish == "kvm")
        return Acceleration::kvm;
    if (wish == "tcg")
        return Acceleration::tcg;
    if (!wish.empty())
        return invalid_input(
            fmt::format("GLOVEBOX_VM_ACCEL is \"{}\": kvm, tcg or nothing was expected", wish));
    if (::access(files.device.c_str(), R_OK | W_OK) != 0)
        return Acceleration::tcg;
    if (machine == "x86_64" && !has_virtualization(read_system_text(files.cpu_info)))
        return Acceleration::tcg;
    return Acceleration::kvm;
}

}  // namespace glovebox::vm
