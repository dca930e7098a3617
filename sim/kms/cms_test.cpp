// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/cms.h"

#include <gtest/gtest.h>
#include <openssl/cms.h>
#include <openssl/x509.h>

#include <memory>

#include "sim/kms/cipher.h"

namespace glovebox::kms::cms {
namespace {

Bytes bytes_of(std::size_t size, std::uint8_t value) {
    return Bytes(size, value);
}

// As KMS answers for 28 bytes of plaintext: CBC pads them to 32.
Bytes answer() {
    return encode(
        EnvelopedData{bytes_of(32, 1), bytes_of(256, 2), bytes_of(16, 3), bytes_of(32, 4)});
}

TEST(EnvelopedDataTest, IsSpelledAsAwsSpellsIt) {
    const Bytes message = answer();
    EXPECT_EQ(message.size(), 477U);
    const std::string hex = to_hex(message);
    EXPECT_TRUE(
        hex.starts_with("308006092a864886f70d010703a0803080020102"
                        "3182016b308201670201028020" +
                        to_hex(bytes_of(32, 1)) + "303c06092a864886f70d010107302f"))
        << hex;
    EXPECT_TRUE(hex.ends_with("301d060960864801650304012a0410" + to_hex(bytes_of(16, 3)) +
                              "a0800420" + to_hex(bytes_of(32, 4)) + "00000000000000000000"))
        << hex;
}

TEST(EnvelopedDataTest, IsReadByOpenssl) {
    const Bytes message = answer();
    const std::uint8_t* at = message.data();
    const std::unique_ptr<CMS_ContentInfo, decltype(&CMS_ContentInfo_free)> read(
        d2i_CMS_ContentInfo(nullptr, &at, static_cast<long>(message.size())), CMS_ContentInfo_free);
    ASSERT_TRUE(read);
    EXPECT_EQ(at, message.data() + message.size());
    STACK_OF(CMS_RecipientInfo)* recipients = CMS_get0_RecipientInfos(read.get());
    ASSERT_EQ(sk_CMS_RecipientInfo_num(recipients), 1);
    EXPECT_EQ(CMS_RecipientInfo_type(sk_CMS_RecipientInfo_value(recipients, 0)),
              CMS_RECIPINFO_TRANS);
}

TEST(EncryptedDataTest, IsDecodedAsItWasEncoded) {
    const Bytes nonce = bytes_of(12, 5);
    const Bytes ciphertext = bytes_of(55, 6);
    const Bytes der = encode(EncryptedData{nonce, ciphertext});
    const auto decoded = decode_encrypted_data(der);
    ASSERT_TRUE(decoded);
    EXPECT_EQ(Bytes(decoded->nonce.begin(), decoded->nonce.end()), nonce);
    EXPECT_EQ(Bytes(decoded->ciphertext.begin(), decoded->ciphertext.end()), ciphertext);
}

TEST(EncryptedDataTest, IsDecodedInNoOtherSpelling) {
    const Bytes der = encode(EncryptedData{bytes_of(12, 5), bytes_of(55, 6)});
    for (std::size_t size = 0; size < der.size(); ++size)
        EXPECT_FALSE(decode_encrypted_data(BytesView(der).first(size))) << size;
    Bytes longer = der;
    longer.push_back(0);
    EXPECT_FALSE(decode_encrypted_data(longer));
}

}  // namespace
}  // namespace glovebox::kms::cms
