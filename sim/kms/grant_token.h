// SPDX-License-Identifier: Apache-2.0

// Grant tokens: any number for a grant, none of which is kept. A token has the grant's ID, random
// bytes, and a code over both by a secret of the grant.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/bytes.h"
#include "core/base/random_source.h"

namespace glovebox::kms {

inline constexpr std::size_t grant_id_bytes = 32;  // in hexadecimal digits twice as many
inline constexpr std::size_t grant_secret_bytes = 32;

// Another one at each call.
[[nodiscard]] std::string make_grant_token(std::string_view grant_id, BytesView secret,
                                           RandomSource& random);
// Empty for what is not a token.
[[nodiscard]] std::optional<std::string> grant_id_of(std::string_view token);
[[nodiscard]] bool is_token_of(std::string_view token, BytesView secret);

}  // namespace glovebox::kms
