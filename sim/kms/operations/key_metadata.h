// SPDX-License-Identifier: Apache-2.0

// What the API says about a key.
#pragma once

#include "sim/kms/operation.h"

namespace glovebox::kms {

// The API's KeyMetadata.
[[nodiscard]] boost::json::object metadata_of(const Environment& env, const Key& key);

// Adds EncryptionAlgorithms, SigningAlgorithms, MacAlgorithms or KeyAgreementAlgorithms: the
// algorithms of the key for its usage.
void put_algorithms(boost::json::object& output, const Key& key);

// Adds ExpirationModel and ValidTo of imported material.
void put_expiration(boost::json::object& output, const KeyMaterial& material);

}  // namespace glovebox::kms
