// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/known_keys.h"

namespace glovebox::kms {

Result<PublicKey> KnownKeys::read(BytesView der) {
    // Beyond this no RSA key is accepted, and nothing is kept.
    constexpr std::size_t der_bytes_max = 1024;
    const Bytes name(der.begin(), der.end());
    {
        const std::lock_guard lock(mutex_);
        if (const auto found = keys_.find(name); found != keys_.end())
            return found->second;
    }
    auto key = PublicKey::from_der(der);
    if (!key || der.size() > der_bytes_max)
        return key;
    const std::lock_guard lock(mutex_);
    if (!keys_.emplace(name, *key).second)
        return key;
    oldest_first_.push_back(name);
    if (oldest_first_.size() > keys_max) {
        keys_.erase(oldest_first_.front());
        oldest_first_.pop_front();
    }
    return key;
}

}  // namespace glovebox::kms
