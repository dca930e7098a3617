// SPDX-License-Identifier: Apache-2.0

// The secret of a key, in the form that the store keeps (Key::material).
#pragma once

#include "core/base/bytes.h"
#include "core/base/random_source.h"
#include "sim/kms/key_spec.h"

namespace glovebox::kms {

// Symmetric and HMAC: spec.bits / 8 bytes from `random`. Others: a new key pair in PKCS #8 DER,
// from OpenSSL's generator; RSA takes from a tenth of a second to seconds.
[[nodiscard]] Bytes make_key_material(const KeySpec& spec, RandomSource& random);

}  // namespace glovebox::kms
