// SPDX-License-Identifier: Apache-2.0

// The two CMS messages (RFC 5652) that KMS makes, in exactly its spelling.
//
// CiphertextForRecipient is an EnvelopedData for one RSA key, in BER with indefinite lengths: AWS's
// own C SDK reads nothing else.
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
//             04 .. <octets>
//             00 00
//           00 00  x4: the ends of all that is open
//
// A ciphertext blob (ciphertext_blob.h) ends in an EncryptedData with AES-256-GCM, in DER:
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
// Views into `der`. Nothing for anything that encode() would have spelled otherwise.
[[nodiscard]] std::optional<EncryptedData> decode_encrypted_data(BytesView der);

}  // namespace glovebox::kms::cms
