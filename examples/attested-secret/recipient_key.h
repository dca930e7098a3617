// SPDX-License-Identifier: Apache-2.0

// The key pair that an enclave makes for one purpose: to have a secret encrypted to it. RSA-2048
// with RSAES-OAEP-SHA-256, the same as AWS KMS uses for a Recipient.
#pragma once

#include "core/base/bytes.h"
#include "core/crypto/openssl.h"

namespace glovebox::example {

class RecipientKey {
  public:
    // A fresh pair; the private key never leaves this object. Throws ErrorException when OpenSSL
    // can't.
    RecipientKey();

    // SubjectPublicKeyInfo in DER (RFC 5280), what goes into the document's public_key.
    [[nodiscard]] Bytes public_der() const;

    [[nodiscard]] Result<Bytes> decrypt(BytesView ciphertext) const;

  private:
    PkeyPtr key_;
};

// Encrypts to a SubjectPublicKeyInfo. At most 190 bytes fit RSA-2048 with OAEP-SHA-256.
[[nodiscard]] Result<Bytes> encrypt_to(BytesView public_der, BytesView secret);

}  // namespace glovebox::example
