// SPDX-License-Identifier: Apache-2.0

// The two CMS messages (Cryptographic Message Syntax, RFC 5652) that KMS makes, byte for byte in
// AWS's encoding.
//
// CiphertextForRecipient. If a request carries an attestation document, KMS must return the secret
// so that only the enclave can read it. It makes a fresh AES-256 key, encrypts the secret with it
// (CBC, PKCS #7 padding), and encrypts that key to the RSA public key in the document (RSAES-OAEP
// with SHA-256). CMS calls this an EnvelopedData with one recipient. The encoding is BER with
// indefinite lengths (ber.h), because AWS's own C SDK reads nothing else:
//
//   30 80  ContentInfo                               indefinite
//     06 09  envelopedData
//     a0 80  [0]                                     indefinite
//       30 80  EnvelopedData                         indefinite
//         02 01 02  version
//         31 82 ....  SET OF one RecipientInfo       definite
//           30 82 ....  KeyTransRecipientInfo
//             02 01 02  version
//             80 20 <32>  [0] subjectKeyIdentifier
//             30 3c  rsaesOaep {sha256 NULL, mgf1 {sha256 NULL}}
//             04 82 01 00 <256>  the AES key, encrypted
//         30 80  EncryptedContentInfo                indefinite
//           06 09  data
//           30 1d  aes256-CBC, 04 10 <iv>
//           a0 80  [0]                               indefinite
//             04 .. <octets>  the secret, encrypted
//             00 00
//           00 00  x4: ends EncryptedContentInfo, EnvelopedData, [0], ContentInfo
//
// A ciphertext blob (ciphertext_blob.h) ends in an EncryptedData, a message to the holder of a key
// that both sides know. It uses AES-256-GCM and is DER:
//
//   30  ContentInfo { 06 09 encryptedData, a0 { 30  EncryptedData {
//     02 01 00  version,
//     30  { 06 09 data, 30 { 06 09 aes256-GCM, 30 { 04 0c <nonce>, 02 01 10 } },
//           80 .. <octets, tag> } } } }
#pragma once

#include <optional>

#include "core/base/bytes.h"

namespace glovebox::kms::cms {

inline constexpr std::size_t key_identifier_bytes = 32;
inline constexpr std::size_t cbc_iv_bytes = 16;
inline constexpr std::size_t gcm_nonce_bytes = 12;
inline constexpr std::size_t gcm_tag_bytes = 16;

// The parts of the two messages that vary. The views outlive the call of encode().
struct EnvelopedData {
    BytesView key_identifier;  // key_identifier_bytes
    BytesView encrypted_key;   // RSAES-OAEP with SHA-256
    BytesView iv;              // cbc_iv_bytes
    BytesView ciphertext;      // AES-256-CBC with PKCS #7 padding
};
[[nodiscard]] Bytes encode(const EnvelopedData& message);

struct EncryptedData {
    BytesView nonce;       // gcm_nonce_bytes
    BytesView ciphertext;  // with its tag at the end
};
[[nodiscard]] Bytes encode(const EncryptedData& message);
// Returns views into `der`. Empty if encode() would have written the message in any other way.
[[nodiscard]] std::optional<EncryptedData> decode_encrypted_data(BytesView der);

}  // namespace glovebox::kms::cms
