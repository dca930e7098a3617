// SPDX-License-Identifier: Apache-2.0

// The secret of a key, as the store keeps it.
#pragma once

#include "core/base/bytes.h"
#include "core/base/random_source.h"
#include "sim/kms/key_spec.h"

namespace glovebox::kms {

// Symmetric and HMAC: random bytes; others: a fresh pair as PKCS #8 DER, from OpenSSL's generator.
[[nodiscard]] Bytes make_key_material(const KeySpec& spec, RandomSource& random);

}  // namespace glovebox::kms
