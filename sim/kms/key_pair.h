// SPDX-License-Identifier: Apache-2.0

// RSA and elliptic-curve keys: the asymmetric half of KMS's cryptography, over OpenSSL.
#pragma once

#include <memory>
#include <optional>

#include "core/base/bytes.h"
#include "sim/kms/key_spec.h"

struct evp_pkey_st;

namespace glovebox::kms {

class PublicKey {
  public:
    // SubjectPublicKeyInfo in DER, nothing after it. The error is OpenSSL's.
    [[nodiscard]] static Result<PublicKey> from_der(BytesView der);

    [[nodiscard]] Bytes to_der() const;
    [[nodiscard]] bool is_rsa() const;
    // Of an elliptic curve, by KeySpec::group.
    [[nodiscard]] bool is_on(std::string_view group) const;
    [[nodiscard]] int bits() const;

    // RSAES-OAEP with MGF1 of the same hash. An error when the plaintext is too long.
    [[nodiscard]] Result<Bytes> encrypt_oaep(std::string_view hash, BytesView plaintext) const;
    [[nodiscard]] evp_pkey_st* get() const { return key_.get(); }

  private:
    friend class KeyPair;
    explicit PublicKey(std::shared_ptr<evp_pkey_st> key) : key_(std::move(key)) {}

    std::shared_ptr<evp_pkey_st> key_;
};

class KeyPair {
  public:
    // Of family rsa, ecc or edwards. RSA takes its time: a tenth of a second at 2048 bits, seconds
    // at 4096.
    [[nodiscard]] static KeyPair generate(const KeySpec& spec);
    // PKCS #8 DER.
    [[nodiscard]] static Result<KeyPair> from_der(BytesView der);

    [[nodiscard]] Bytes to_der() const;
    [[nodiscard]] PublicKey public_key() const { return PublicKey(key_); }

    // Nothing when it is not a ciphertext for this key.
    [[nodiscard]] std::optional<Bytes> decrypt_oaep(std::string_view hash,
                                                    BytesView ciphertext) const;

    // `message` is a digest of the algorithm's hash when `is_digest`; Ed25519 signs messages alone.
    [[nodiscard]] Bytes sign(const SigningAlgorithm& algorithm, BytesView message,
                             bool is_digest) const;
    [[nodiscard]] bool verify(const SigningAlgorithm& algorithm, BytesView message, bool is_digest,
                              BytesView signature) const;

    // ECDH: the x coordinate of the shared point. An error when the peer's key is of another curve.
    [[nodiscard]] Result<Bytes> derive(const PublicKey& peer) const;

  private:
    explicit KeyPair(std::shared_ptr<evp_pkey_st> key) : key_(std::move(key)) {}

    std::shared_ptr<evp_pkey_st> key_;
};

}  // namespace glovebox::kms
