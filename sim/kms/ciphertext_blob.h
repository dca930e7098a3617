// SPDX-License-Identifier: Apache-2.0

// What Encrypt and GenerateDataKey give out and Decrypt takes: opaque to clients, and as long and
// as beginning as AWS's (28 bytes of plaintext make 180; base64 AQICAH...).
//
//   01 02 02 00 78   five bytes, as AWS's begin
//   <32>             the key material's id: a blob names its key
//   01 <16>          8 random bytes, then 8 bytes of HMAC-SHA-256(material, encryption context)
//   00 00 xx xx      the length of what follows
//   <DER>            CMS EncryptedData, AES-256-GCM (cms.h)
//
// The AES key is HMAC-SHA-256(material, "key" || the 16 bytes): one for every blob, and bound to
// the context, which is the associated data besides. The 8 bytes of HMAC let a refusal say which of
// the two is wrong, the context or the blob; AWS says neither. The plaintext has a fixed header of
// 11 bytes inside, which makes the lengths AWS's.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "core/base/bytes.h"
#include "core/base/random_source.h"

namespace glovebox::kms {

inline constexpr std::size_t ciphertext_bytes_max = 6144;
inline constexpr std::size_t material_id_bytes = 32;

// Bound to a ciphertext in its order of names, whatever order it was written in.
using EncryptionContext = std::map<std::string, std::string>;

// 28 random bytes and 4 that are computed from them, so that a blob of another KMS differs from one
// whose ID was changed.
[[nodiscard]] Bytes make_material_id(RandomSource& random);

// `material_id` is one of make_material_id(), `material` an AES-256 key.
[[nodiscard]] Bytes seal_blob(BytesView material_id, BytesView material,
                              const EncryptionContext& context, BytesView plaintext,
                              RandomSource& random);

// The key material that a blob names; nothing when it is not a blob of this form.
[[nodiscard]] std::optional<Bytes> material_id_of(BytesView blob);

struct BlobRefusal {
    enum class Kind {
        not_a_blob,
        other_context,  // it is whole, but was made with another encryption context
        changed,
    };
    Kind kind = Kind::not_a_blob;
};

// The plaintext, or why there is none.
struct OpenedBlob {
    std::optional<Bytes> plaintext;
    BlobRefusal refusal;
};
[[nodiscard]] OpenedBlob open_blob(BytesView material, const EncryptionContext& context,
                                   BytesView blob);

}  // namespace glovebox::kms
