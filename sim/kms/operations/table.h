// SPDX-License-Identifier: Apache-2.0

// The operations of the API by their names.
#pragma once

#include <string_view>

#include "sim/kms/operation.h"

namespace glovebox::kms {

// Null if KMS has no such operation, or Glovebox does not implement it. Valid for ever.
[[nodiscard]] const Operation* find_operation(std::string_view name);

}  // namespace glovebox::kms
