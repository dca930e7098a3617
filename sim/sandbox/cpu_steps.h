// SPDX-License-Identifier: Apache-2.0

// The CPUs that an enclave finds: sysfs and /proc/cpuinfo have those that it was given and no
// others, under this machine's numbers. Its affinity is the plan's `cpus`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sim/sandbox/machine.h"
#include "sim/sandbox/step.h"

namespace glovebox::sandbox {

// Before enter_root, behind /sys: covers /sys/devices/system/cpu. Nothing where `cpus` is empty.
void add_cpu_folder(std::vector<Step>& steps, const Machine& machine, const std::vector<int>& cpus);

// The paragraphs of /proc/cpuinfo that are about these CPUs.
[[nodiscard]] std::string cpuinfo_of(std::string_view cpuinfo, const std::vector<int>& cpus);

// "0-1,3\n": the kernel's list format.
[[nodiscard]] std::string to_cpu_list(const std::vector<int>& cpus);

}  // namespace glovebox::sandbox
