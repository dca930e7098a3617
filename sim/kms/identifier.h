// SPDX-License-Identifier: Apache-2.0

// The identifiers that KMS generates.
#pragma once

#include <string>
#include <string_view>

#include "core/base/random_source.h"

namespace glovebox::kms {

// A UUID of version 4 (RFC 9562) in lower case.
[[nodiscard]] std::string make_uuid(RandomSource& random);

// The ID of a multi-Region key: "mrk-" and 32 hexadecimal digits.
[[nodiscard]] std::string make_multi_region_id(RandomSource& random);

// Whether the text has one of these two forms, in lower case.
[[nodiscard]] bool is_key_id(std::string_view text);

}  // namespace glovebox::kms
