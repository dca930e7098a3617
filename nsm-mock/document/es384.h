// SPDX-License-Identifier: Apache-2.0

// ECDSA over P-384 with SHA-384: the one algorithm of Nitro's attestation, ES384 in COSE
// (RFC 9053, alg -35). Signatures are r and s, 48 bytes each, big-endian.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/bytes.h"
#include "core/crypto/openssl.h"

namespace glovebox::nsm {

using Es384Signature = std::array<std::uint8_t, 96>;

// A private key. Copies share it; signing is safe from any thread.
class SigningKey {
  public:
    [[nodiscard]] static SigningKey generate();
    // PKCS#8 PEM. Another kind of key than P-384 is an error.
    [[nodiscard]] static Result<SigningKey> from_pem(std::string_view pem);

    [[nodiscard]] std::string to_pem() const;
    [[nodiscard]] Es384Signature sign(BytesView message) const;
    [[nodiscard]] EVP_PKEY* get() const { return key_.get(); }

  private:
    explicit SigningKey(PkeyPtr key) : key_(std::move(key)) {}

    std::shared_ptr<EVP_PKEY> key_;
};

[[nodiscard]] bool is_p384(const EVP_PKEY* key);

// Whether `signature` is `key`'s over `message`. `key` is a P-384 key.
[[nodiscard]] bool verify_es384(EVP_PKEY* key, BytesView message, const Es384Signature& signature);

}  // namespace glovebox::nsm
