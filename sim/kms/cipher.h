// SPDX-License-Identifier: Apache-2.0

// The symmetric primitives of this module, over OpenSSL. An exception means a bug or an exhausted
// machine.
#pragma once

#include <optional>
#include <string_view>

#include "core/base/bytes.h"

namespace glovebox::kms {

inline constexpr std::size_t aes256_key_bytes = 32;

// AES-256-GCM; the tag of 16 bytes stands at the end.
[[nodiscard]] Bytes gcm_encrypt(BytesView key, BytesView nonce, BytesView associated,
                                BytesView plaintext);
// Nothing when key, nonce, associated data or ciphertext is not what it was.
[[nodiscard]] std::optional<Bytes> gcm_decrypt(BytesView key, BytesView nonce, BytesView associated,
                                               BytesView ciphertext);

// AES-256-CBC with PKCS #7 padding.
[[nodiscard]] Bytes cbc_encrypt(BytesView key, BytesView iv, BytesView plaintext);

// `hash` is OpenSSL's name: "SHA256".
[[nodiscard]] Bytes digest(std::string_view hash, BytesView message);
[[nodiscard]] Bytes hmac(std::string_view hash, BytesView key, BytesView message);

[[nodiscard]] bool equal_in_constant_time(BytesView a, BytesView b);

}  // namespace glovebox::kms
