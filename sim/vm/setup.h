// SPDX-License-Identifier: Apache-2.0

// What a machine needs to boot guests.
#pragma once

#include <string>
#include <vector>

#include "core/base/error.h"
#include "sim/vm/kernel.h"

namespace glovebox::vm {

// An error that names the programs that are missing, and the packages that have them.
[[nodiscard]] Result<void> check_programs(const Platform& platform);

// The kernel of a release, from the cache. A kernel that is not there is fetched; with `refresh`,
// it is fetched again.
[[nodiscard]] Result<Kernel> set_up_kernel(std::string_view release, const Platform& platform,
                                           bool refresh);

}  // namespace glovebox::vm
