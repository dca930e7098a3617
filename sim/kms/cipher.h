// SPDX-License-Identifier: Apache-2.0

// The symmetric primitives of sim/kms, over OpenSSL. An exception means a bug or a lack of memory.
#pragma once

#include <optional>
#include <string_view>

#include "core/base/bytes.h"

namespace glovebox::kms {

inline constexpr std::size_t aes256_key_bytes = 32;

// AES-256-GCM. Returns the ciphertext and, at its end, the tag of 16 bytes.
[[nodiscard]] Bytes gcm_encrypt(BytesView key, BytesView nonce, BytesView associated,
                                BytesView plaintext);
// Empty if key, nonce, associated data or ciphertext differ from those of the encryption.
[[nodiscard]] std::optional<Bytes> gcm_decrypt(BytesView key, BytesView nonce, BytesView associated,
                                               BytesView ciphertext);

// AES-256-CBC with PKCS #7 padding.
[[nodiscard]] Bytes cbc_encrypt(BytesView key, BytesView iv, BytesView plaintext);

// AES Key Wrap with Padding (RFC 5649), unwrapped. Empty if it was not wrapped by this key.
[[nodiscard]] std::optional<Bytes> unwrap_key(BytesView key, BytesView wrapped);

// `hash` is OpenSSL's name, such as "SHA256".
[[nodiscard]] Bytes digest(std::string_view hash, BytesView message);
[[nodiscard]] Bytes hmac(std::string_view hash, BytesView key, BytesView message);

// False for different sizes; the time depends on the size only.
[[nodiscard]] bool equal_in_constant_time(BytesView a, BytesView b);

}  // namespace glovebox::kms
