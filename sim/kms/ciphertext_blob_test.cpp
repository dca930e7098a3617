// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/ciphertext_blob.h"

#include <gtest/gtest.h>

#include "core/base/base64.h"
#include "sim/kms/cipher.h"

namespace glovebox::kms {
namespace {

using Kind = BlobRefusal::Kind;

class CiphertextBlob : public ::testing::Test {
  protected:
    Bytes seal(std::size_t size, const EncryptionContext& context = {}) {
        return seal_blob(id_, material_, context, Bytes(size, 'x'), random_);
    }

    SeededRandom random_{7};
    const Bytes id_ = make_material_id(random_);
    const Bytes material_ = Bytes(aes256_key_bytes, 9);
};

TEST_F(CiphertextBlob, IsAsLongAndBeginsAsAwss) {
    EXPECT_EQ(seal(28).size(), 180U);
    EXPECT_TRUE(to_base64(seal(28)).starts_with("AQICAH"));
    EXPECT_LE(seal(4096).size(), ciphertext_bytes_max);
}

TEST_F(CiphertextBlob, NamesItsKeyAndOpensWithIt) {
    const Bytes blob = seal(5, {{"a", "1"}, {"b", "2"}});
    EXPECT_EQ(material_id_of(blob), id_);
    EXPECT_EQ(open_blob(material_, {{"b", "2"}, {"a", "1"}}, blob).plaintext, Bytes(5, 'x'));
}

TEST_F(CiphertextBlob, IsNeitherMadeNorOpenedWithoutMaterial) {
    EXPECT_THROW((void)seal_blob(id_, {}, {}, Bytes(5, 'x'), random_), std::logic_error);
    EXPECT_THROW((void)open_blob({}, {}, seal(5)), std::logic_error);
}

TEST_F(CiphertextBlob, DiffersEachTime) {
    EXPECT_NE(seal(28), seal(28));
}

TEST_F(CiphertextBlob, AnotherContextIsToldFromAChange) {
    const Bytes blob = seal(5, {{"tenant", "1"}});
    for (const EncryptionContext& other : {EncryptionContext{},
                                           {{"tenant", "2"}},
                                           {{"Tenant", "1"}},
                                           {{"tenant", "1"}, {"b", ""}}}) {
        const OpenedBlob opened = open_blob(material_, other, blob);
        EXPECT_FALSE(opened.plaintext);
        EXPECT_EQ(opened.refusal.kind, Kind::other_context);
    }
}

TEST_F(CiphertextBlob, NoBitOfItCanBeChanged) {
    const Bytes blob = seal(3);
    for (std::size_t at = 0; at < blob.size(); ++at) {
        Bytes changed = blob;
        changed[at] ^= 0x40;
        const bool names_its_key = material_id_of(changed) == id_;
        // A changed id is another key's, or none's; the rest fails to open.
        EXPECT_FALSE(names_its_key && open_blob(material_, {}, changed).plaintext) << at;
    }
}

TEST_F(CiphertextBlob, APieceOfItIsNone) {
    const Bytes blob = seal(3);
    for (std::size_t size = 0; size < blob.size(); ++size)
        EXPECT_FALSE(open_blob(material_, {}, BytesView(blob).first(size)).plaintext) << size;
}

}  // namespace
}  // namespace glovebox::kms
