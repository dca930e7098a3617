// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/key_material.h"

#include "sim/kms/key_pair.h"

namespace glovebox::kms {

Bytes make_key_material(const KeySpec& spec, RandomSource& random) {
    if (spec.family != KeyFamily::symmetric && spec.family != KeyFamily::hmac)
        return KeyPair::generate(spec).to_der();
    Bytes material(static_cast<std::size_t>(spec.bits) / 8);
    random.fill(material);
    return material;
}

}  // namespace glovebox::kms
