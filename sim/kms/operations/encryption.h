// SPDX-License-Identifier: Apache-2.0

// Encryption with a key that was found, authorized and checked.
#pragma once

#include "sim/kms/operations/access.h"

namespace glovebox::kms {

// Makes a ciphertext blob for a symmetric key (`algorithm` SYMMETRIC_DEFAULT), or encrypts with
// RSAES-OAEP. ValidationException if the plaintext is too long for the RSA key.
[[nodiscard]] Answer<Bytes> encrypt_under(Environment& env, const NamedKey& named,
                                          const EncryptionContext& context,
                                          std::string_view algorithm, BytesView plaintext);

[[nodiscard]] boost::json::object to_json(const EncryptionContext& context);

}  // namespace glovebox::kms
