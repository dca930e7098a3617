// SPDX-License-Identifier: Apache-2.0

// The tags of a key as requests and answers have them.
#pragma once

#include <boost/json/array.hpp>

#include "sim/kms/input.h"
#include "sim/kms/key.h"

namespace glovebox::kms {

// Reads Tags. TagException for a name that occurs twice or begins with "aws:" in any case, and for
// characters that tags cannot have; other mistakes are the input's.
[[nodiscard]] Answer<Tags> read_tags(Input& input);

// TagException if they are too many for a key.
[[nodiscard]] Answer<void> check_number(const Tags& tags);

[[nodiscard]] boost::json::array to_array(const Tags& tags);

}  // namespace glovebox::kms
