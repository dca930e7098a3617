// SPDX-License-Identifier: Apache-2.0

// Encryption under a key that was found, authorized and checked; for operations that make
// ciphertexts.
#pragma once

#include "sim/kms/operations/access.h"

namespace glovebox::kms {

// ValidationException when RSA can't take that much.
[[nodiscard]] Answer<Bytes> encrypt_under(Environment& env, const NamedKey& named,
                                          const EncryptionContext& context,
                                          std::string_view algorithm, BytesView plaintext);

[[nodiscard]] boost::json::object to_json(const EncryptionContext& context);

}  // namespace glovebox::kms
