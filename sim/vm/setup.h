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

// The cached kernel of a release. It is fetched if the cache has none, or with `refresh`.
[[nodiscard]] Result<Kernel> set_up_kernel(std::string_view release, const Platform& platform,
                                           bool refresh);

}  // namespace glovebox::vm
