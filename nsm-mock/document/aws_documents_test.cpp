// SPDX-License-Identifier: Apache-2.0

// Documents that AWS's hardware signed, as the verifier sees them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "nsm-mock/document/cose_sign1.h"
#include "nsm-mock/document/module_id.h"
#include "nsm-mock/document/verify_document.h"
#include "nsm-mock/testing/vectors.h"

namespace glovebox::nsm {
namespace {

using test::document_vectors;
using test::DocumentVector;
using testing::HasSubstr;

class AwsDocuments : public testing::Test {
  protected:
    void SetUp() override {
        vectors_ = document_vectors();
        if (vectors_.empty())
            GTEST_SKIP() << no_test_vectors;
    }

    // What the document says, believed by nobody.
    static AttestationDocument claims(const Bytes& bytes) {
        std::vector<std::string> warnings;
        return decode_payload(CoseSign1::decode(bytes).value().payload, FieldLimits::lenient,
                              warnings)
            .value();
    }

    std::vector<DocumentVector> vectors_;
    const TrustRoot root_ = TrustRoot::aws();
};

TEST_F(AwsDocuments, EachVerifiesAtItsOwnTimeButTheTamperedOne) {
    for (const DocumentVector& vector : vectors_) {
        SCOPED_TRACE(vector.name);
        const auto verified = verify_document(vector.bytes, root_, claims(vector.bytes).timestamp);
        if (vector.tampered()) {
            ASSERT_FALSE(verified);
            EXPECT_EQ(verified.error().code, DocumentError::bad_signature);
            continue;
        }
        ASSERT_TRUE(verified) << verified.error().message;
        EXPECT_EQ(verified->root().name(), "aws");
        EXPECT_EQ(verified->chain().size(), 5u);
        EXPECT_EQ(to_hex(verified->chain().front().fingerprint()), aws_root_fingerprint);
    }
}

TEST_F(AwsDocuments, EachHasExpiredToday) {
    for (const DocumentVector& vector : vectors_) {
        SCOPED_TRACE(vector.name);
        const auto refused = verify_document(vector.bytes, root_, SystemClock().now());
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, DocumentError::certificate_expired);
        EXPECT_THAT(refused.error().message, HasSubstr("the leaf certificate (CN=i-"));
        EXPECT_THAT(refused.error().message, HasSubstr(" d "));
    }
}

TEST_F(AwsDocuments, EachIsValidForTheThreeHoursOfItsLeaf) {
    using namespace std::chrono_literals;
    for (const DocumentVector& vector : vectors_) {
        if (vector.tampered())
            continue;
        SCOPED_TRACE(vector.name);
        const Certificate leaf = Certificate::from_der(claims(vector.bytes).certificate).value();
        EXPECT_TRUE(verify_document(vector.bytes, root_, leaf.not_before()));
        EXPECT_TRUE(verify_document(vector.bytes, root_, leaf.not_after()));
        EXPECT_EQ(verify_document(vector.bytes, root_, leaf.not_before() - 1ms).error().code,
                  DocumentError::certificate_not_yet_valid);
        EXPECT_EQ(verify_document(vector.bytes, root_, leaf.not_after() + 1ms).error().code,
                  DocumentError::certificate_expired);
    }
}

TEST_F(AwsDocuments, OurEncoderWritesTheirPayloadsByteForByte) {
    for (const DocumentVector& vector : vectors_) {
        SCOPED_TRACE(vector.name);
        const CoseSign1 sign1 = CoseSign1::decode(vector.bytes).value();
        const PayloadForm form =
            sign1.payload.front() == 0xbf ? PayloadForm::indefinite : PayloadForm::definite;
        EXPECT_EQ(encode_payload(claims(vector.bytes), form), sign1.payload);
        EXPECT_EQ(sign1.encode(), vector.bytes);
    }
}

TEST_F(AwsDocuments, Pcr4IsTheInstanceIdExtendedFromZero) {
    for (const DocumentVector& vector : vectors_) {
        SCOPED_TRACE(vector.name);
        const AttestationDocument document = claims(vector.bytes);
        const ModuleId id = parse_module_id(document.module_id).value();
        EXPECT_EQ(document.pcrs.at(4), extended(Pcr{}, as_bytes(id.instance_id)));
        EXPECT_EQ(to_string(id), document.module_id);
    }
}

TEST_F(AwsDocuments, EveryTruncationIsRefused) {
    for (const DocumentVector& vector : vectors_) {
        const TimePoint then = claims(vector.bytes).timestamp;
        for (std::size_t size = 0; size < vector.bytes.size(); ++size)
            ASSERT_FALSE(verify_document(BytesView(vector.bytes).first(size), root_, then))
                << vector.name << " cut to " << size;
    }
}

TEST_F(AwsDocuments, AThousandRandomBitFlipsAreRefused) {
    const auto seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 engine(seed);
    std::vector<DocumentVector> genuine;
    std::copy_if(vectors_.begin(), vectors_.end(), std::back_inserter(genuine),
                 [](const auto& vector) { return !vector.tampered(); });
    for (int i = 0; i < 1000; ++i) {
        const DocumentVector& vector = genuine[static_cast<std::size_t>(i) % genuine.size()];
        const TimePoint then = claims(vector.bytes).timestamp;
        Bytes flipped = vector.bytes;
        const std::size_t bit =
            std::uniform_int_distribution<std::size_t>(0, flipped.size() * 8 - 1)(engine);
        flipped[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
        ASSERT_FALSE(verify_document(flipped, root_, then))
            << vector.name << ", bit " << bit % 8 << " of byte " << bit / 8;
    }
}

TEST_F(AwsDocuments, EveryBitOfTheEnvelopeCounts) {
    const DocumentVector& vector = vectors_.back();
    const TimePoint then = claims(vector.bytes).timestamp;
    const std::size_t payload = CoseSign1::decode(vector.bytes).value().payload.size();
    for (std::size_t byte = 0; byte < vector.bytes.size(); ++byte) {
        if (byte == 10)  // from here on the payload, which is signed as a whole
            byte += payload;
        for (int bit = 0; bit < 8; ++bit) {
            Bytes flipped = vector.bytes;
            flipped[byte] ^= static_cast<std::uint8_t>(1u << bit);
            ASSERT_FALSE(verify_document(flipped, root_, then))
                << "bit " << bit << " of byte " << byte;
        }
    }
}

TEST_F(AwsDocuments, ABitFlippedInACertificateIsRefusedBeforeTheSignatureIsLookedAt) {
    // The chain must hold by itself: no flip may get as far as the document's signature by way of a
    // spelling of DER that OpenSSL lets pass. Every bit of what no issuer signed (the outer head,
    // the outer algorithm and the signature) and one of each byte in between.
    const DocumentVector& vector = vectors_.back();
    const AttestationDocument genuine = claims(vector.bytes);
    const CoseSign1 sign1 = CoseSign1::decode(vector.bytes).value();
    for (std::size_t place = 1; place <= genuine.cabundle.size(); ++place) {
        const bool leaf = place == genuine.cabundle.size();
        const Bytes& der = leaf ? genuine.certificate : genuine.cabundle[place];
        for (std::size_t bit = 0; bit < der.size() * 8; ++bit) {
            const std::size_t byte = bit / 8;
            const bool unsigned_part = byte < 4 || byte + 120 >= der.size();
            if (!unsigned_part && bit % 8 != byte % 8)
                continue;
            AttestationDocument changed = genuine;
            Bytes& target = leaf ? changed.certificate : changed.cabundle[place];
            target[byte] ^= static_cast<std::uint8_t>(1u << (bit % 8));
            const CoseSign1 forged{encode_payload(changed, PayloadForm::indefinite),
                                   sign1.signature};
            const auto refused = verify_document(forged.encode(), root_, genuine.timestamp);
            ASSERT_FALSE(refused);
            ASSERT_NE(refused.error().code, DocumentError::bad_signature)
                << "certificate " << place << ", bit " << bit % 8 << " of byte " << byte;
        }
    }
}

}  // namespace
}  // namespace glovebox::nsm
