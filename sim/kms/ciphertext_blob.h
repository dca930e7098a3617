// SPDX-License-Identifier: Apache-2.0

// The ciphertext blob of a symmetric key: the result of Encrypt and GenerateDataKey, the input of
// Decrypt. Clients treat it as opaque. Its length and its first bytes are AWS's (28 bytes of
// plaintext make 180; base64 AQICAH...):
//
//   01 02 02 00 78   five bytes, as AWS's begin
//   <32>             the ID of the key material: a blob names its key
//   01 <16>          a salt: 8 random bytes, and 8 bytes of HMAC-SHA-256(material, "context" ||
//                    the encoded encryption context)
//   <4>              the length of the CMS message, big endian
//   <DER>            CMS EncryptedData, AES-256-GCM (cms.h)
//
// The AES key is HMAC-SHA-256(material, "key" || salt): another one for each blob. The encryption
// context is the associated data of the GCM. With the 8 bytes of HMAC in the salt, a refusal can
// say what is wrong, the context or the blob; AWS does not say. The plaintext begins with a fixed
// header of 11 bytes inside the encryption, which makes the lengths equal to AWS's.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "core/base/bytes.h"
#include "core/base/random_source.h"

namespace glovebox::kms {

// The longest blob.
inline constexpr std::size_t ciphertext_bytes_max = 6144;
inline constexpr std::size_t material_id_bytes = 32;

// Sorted by name: the order in which a client writes it does not matter.
using EncryptionContext = std::map<std::string, std::string>;

// An ID of 28 random bytes and 4 that are computed from them. So a blob of another KMS can be told
// from a blob whose ID was changed.
[[nodiscard]] Bytes make_material_id(RandomSource& random);

// Makes a blob. `material_id` is from make_material_id(), `material` is an AES-256 key.
// Throws std::logic_error if it is empty, as open_blob() does: imported material can be gone, and
// nothing may be encrypted by what anybody knows.
[[nodiscard]] Bytes seal_blob(BytesView material_id, BytesView material,
                              const EncryptionContext& context, BytesView plaintext,
                              RandomSource& random);

// The ID of the key material that a blob names; empty if it is not a blob of this form.
[[nodiscard]] std::optional<Bytes> material_id_of(BytesView blob);

struct BlobRefusal {
    enum class Kind {
        not_a_blob,
        other_context,  // intact, but made with another encryption context
        changed,        // altered, or made with other key material
    };
    Kind kind = Kind::not_a_blob;
};

// The plaintext; if that is empty, the reason.
struct OpenedBlob {
    std::optional<Bytes> plaintext;
    BlobRefusal refusal;
};
[[nodiscard]] OpenedBlob open_blob(BytesView material, const EncryptionContext& context,
                                   BytesView blob);

}  // namespace glovebox::kms
