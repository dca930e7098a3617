// SPDX-License-Identifier: Apache-2.0

// The faults of a world, for its services.
#pragma once

#include <memory>
#include <string>

#include "core/fault/client.h"

namespace glovebox::cli {

// Null for a world without faults, one that does not exist, and without a name.
[[nodiscard]] std::unique_ptr<fault::Client> faults_of(const std::string& world);

}  // namespace glovebox::cli
