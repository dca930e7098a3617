// SPDX-License-Identifier: Apache-2.0

// RSA and elliptic-curve keys: the asymmetric part of KMS's cryptography, over OpenSSL. Copies
// share the key. Functions throw only if OpenSSL fails for another reason than the input.
#pragma once

#include <memory>
#include <optional>

#include "core/base/bytes.h"
#include "sim/kms/key_spec.h"

struct evp_pkey_st;

namespace glovebox::kms {

class PublicKey {
  public:
    // Reads a SubjectPublicKeyInfo in DER with nothing after it. The error has OpenSSL's reason.
    [[nodiscard]] static Result<PublicKey> from_der(BytesView der);

    [[nodiscard]] Bytes to_der() const;
    [[nodiscard]] bool is_rsa() const;
    // Whether the key is on this elliptic curve, Ed25519's included. `group` is a name as in
    // KeySpec::group.
    [[nodiscard]] bool is_on(std::string_view group) const;
    [[nodiscard]] int bits() const;

    // RSAES-OAEP with MGF1 of the same hash (RFC 8017), no label. An error if the plaintext is too
    // long for the key.
    [[nodiscard]] Result<Bytes> encrypt_oaep(std::string_view hash, BytesView plaintext) const;
    [[nodiscard]] evp_pkey_st* get() const { return key_.get(); }

  private:
    friend class KeyPair;
    explicit PublicKey(std::shared_ptr<evp_pkey_st> key) : key_(std::move(key)) {}

    std::shared_ptr<evp_pkey_st> key_;
};

class KeyPair {
  public:
    // Makes a new pair; the family is rsa, ecc or edwards. RSA takes a tenth of a second at 2048
    // bits, seconds at 4096.
    [[nodiscard]] static KeyPair generate(const KeySpec& spec);
    // Reads a PrivateKeyInfo (PKCS #8, RFC 5208) in DER with nothing after it, and no other form.
    // The error has OpenSSL's reason.
    [[nodiscard]] static Result<KeyPair> from_der(BytesView der);

    [[nodiscard]] Bytes to_der() const;
    [[nodiscard]] PublicKey public_key() const { return PublicKey(key_); }

    // Empty if it is not a ciphertext for this key.
    [[nodiscard]] std::optional<Bytes> decrypt_oaep(std::string_view hash,
                                                    BytesView ciphertext) const;

    // If `is_digest`, `message` is the digest by the algorithm's hash. Ed25519 signs whole messages
    // only and ignores `is_digest`.
    [[nodiscard]] Bytes sign(const SigningAlgorithm& algorithm, BytesView message,
                             bool is_digest) const;
    [[nodiscard]] bool verify(const SigningAlgorithm& algorithm, BytesView message, bool is_digest,
                              BytesView signature) const;

    // ECDH: the x coordinate of the shared point. An error if the peer's key is on another curve.
    [[nodiscard]] Result<Bytes> derive(const PublicKey& peer) const;

  private:
    explicit KeyPair(std::shared_ptr<evp_pkey_st> key) : key_(std::move(key)) {}

    std::shared_ptr<evp_pkey_st> key_;
};

}  // namespace glovebox::kms
