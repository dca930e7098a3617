// SPDX-License-Identifier: Apache-2.0

// The secret of a key, in the form that the store keeps (Key::material).
#pragma once

#include <string>
#include <string_view>

#include "core/base/bytes.h"
#include "core/base/random_source.h"
#include "sim/kms/key_spec.h"

namespace glovebox::kms {

// Symmetric and HMAC: spec.bits / 8 bytes from `random`. Others: a new key pair in PKCS #8 DER,
// from OpenSSL's generator; RSA takes from a tenth of a second to seconds.
[[nodiscard]] Bytes make_key_material(const KeySpec& spec, RandomSource& random);

// Why `material` cannot be that of a key of this spec; empty if it can.
[[nodiscard]] std::string why_not_material(const KeySpec& spec, BytesView material);

// An ID as make_material_id() makes it, but always the same for the same arguments. `key_id` may be
// empty.
[[nodiscard]] Bytes derived_material_id(std::string_view key_id, BytesView material);

}  // namespace glovebox::kms
