// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/known_keys.h"

namespace glovebox::kms {

Result<PublicKey> KnownKeys::read(BytesView der) {
    // Beyond this no RSA key is accepted, and nothing is kept.
    constexpr std::size_t der_bytes_max = 1024;
    Bytes name(der.begin(), der.end());
    if (auto known = keys_.find(name))
        return std::move(*known);
    auto key = PublicKey::from_der(der);
    if (key && der.size() <= der_bytes_max)
        keys_.add(std::move(name), *key);
    return key;
}

}  // namespace glovebox::kms
