// SPDX-License-Identifier: Apache-2.0

#include "nsm-mock/document/cose_sign1.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nsm-mock/document/document_error.h"

namespace glovebox::nsm {
namespace {

using testing::HasSubstr;

// An envelope with nothing wrong; the signature need not be one here.
std::string envelope() {
    return "8444a1013822a0450102030405" + ("5860" + std::string(192, '7'));
}

Result<CoseSign1> envelope_in(const std::string& hex) {
    return CoseSign1::decode(from_hex(hex).value());
}

TEST(CoseSign1, WhatWasSignedIsVerified) {
    const SigningKey key = SigningKey::generate();
    const CoseSign1 sign1 = CoseSign1::sign(Bytes{1, 2, 3}, key);
    EXPECT_TRUE(sign1.verify(key.get()));
    EXPECT_FALSE(sign1.verify(SigningKey::generate().get()));
    const CoseSign1 again = CoseSign1::decode(sign1.encode()).value();
    EXPECT_EQ(again.payload, sign1.payload);
    EXPECT_TRUE(again.verify(key.get()));
}

TEST(CoseSign1, TheSignedBytesAreTheSigStructure) {
    EXPECT_EQ(to_hex(CoseSign1::to_be_signed(Bytes{1, 2, 3})),
              "846a" + to_hex(as_bytes("Signature1")) + "44a10138224043010203");
}

TEST(CoseSign1, TheEnvelopeBeginsAsNitros) {
    const Bytes encoded = CoseSign1::sign(Bytes(4000), SigningKey::generate()).encode();
    EXPECT_EQ(to_hex(BytesView(encoded).first(10)), "8444a1013822a0590fa0");
    EXPECT_EQ(encoded.size(), 10u + 4000 + 2 + 96);
}

TEST(CoseSign1, EveryOtherEnvelopeIsRefusedWithItsReason) {
    const std::string good = envelope();
    ASSERT_TRUE(envelope_in(good)) << envelope_in(good).error().message;
    const std::string payload = "450102030405";
    const std::string signature = good.substr(good.find("5860"));
    struct Case {
        std::string hex;
        DocumentError refusal;
        const char* message;
    };
    for (const Case& c : {
             Case{"", DocumentError::malformed_cbor, "there are no bytes"},
             Case{good.substr(0, good.size() - 2), DocumentError::malformed_cbor,
                  "ends inside an item"},
             Case{"d2" + good, DocumentError::tagged, "the CBOR tag 18"},
             Case{"a0", DocumentError::wrong_envelope, "is a map"},
             Case{"83" + good.substr(2, 12) + payload, DocumentError::wrong_envelope,
                  "an array of 3"},
             Case{"84a1013822a0" + payload + signature, DocumentError::wrong_envelope,
                  "protected header is a map"},
             // ES256, no header, and {1: -35} with a key more or spelled longer
             Case{"8443a10126a0" + payload + signature, DocumentError::wrong_algorithm,
                  "protected header is a10126"},
             Case{"8440a0" + payload + signature, DocumentError::wrong_algorithm,
                  "protected header is ,"},
             Case{"8446a20138220400a0" + payload + signature, DocumentError::wrong_algorithm,
                  "a2013822"},
             Case{"8445a101390022a0" + payload + signature, DocumentError::wrong_algorithm,
                  "a101390022"},
             Case{"8444a1013822f6" + payload + signature, DocumentError::wrong_envelope,
                  "unprotected header is a null"},
             Case{"8444a1013822a10441aa" + payload + signature, DocumentError::unprotected_header,
                  "1 entries"},
             Case{"8444a1013822a0f6" + signature, DocumentError::wrong_envelope,
                  "payload and signature"},
             Case{"8444a1013822a040" + signature, DocumentError::wrong_envelope, "0 and 96 bytes"},
             Case{"8444a1013822a0" + payload + "4101", DocumentError::wrong_envelope,
                  "5 and 1 bytes"},
             Case{"8444a1013822a0" + payload + "f6", DocumentError::wrong_envelope, "a null"},
             Case{good + "00", DocumentError::trailing_bytes, "1 bytes follow"},
             // the same envelope, spelled otherwise
             Case{"9804" + good.substr(2), DocumentError::not_canonical, "not encoded as Nitro"},
             Case{"9f" + good.substr(2) + "ff", DocumentError::not_canonical, "not encoded"},
             Case{"845804a1013822a0" + payload + signature, DocumentError::not_canonical,
                  "not encoded"},
             Case{"8444a1013822b800" + payload + signature, DocumentError::not_canonical,
                  "not encoded"},
             Case{"8444a1013822bfff" + payload + signature, DocumentError::not_canonical,
                  "not encoded"},
             Case{"8444a1013822a05805" + payload.substr(2) + signature,
                  DocumentError::not_canonical, "not encoded"},
             Case{"8444a1013822a05f" + payload + "ff" + signature, DocumentError::not_canonical,
                  "not encoded"},
             Case{"8444a1013822a0" + payload + "590060" + signature.substr(4),
                  DocumentError::not_canonical, "not encoded"},
         }) {
        const auto decoded = envelope_in(c.hex);
        ASSERT_FALSE(decoded) << c.hex;
        EXPECT_EQ(decoded.error().code, c.refusal) << c.hex << ": " << decoded.error().message;
        EXPECT_THAT(decoded.error().message, HasSubstr(c.message));
        EXPECT_EQ(check_of(c.refusal), Check::syntax);
    }
}

TEST(CoseSign1, WhatIsLargerThanAnyDocumentIsNotEvenRead) {
    const SigningKey key = SigningKey::generate();
    EXPECT_TRUE(CoseSign1::decode(CoseSign1::sign(Bytes(payload_bytes_max), key).encode()));
    EXPECT_EQ(
        CoseSign1::decode(CoseSign1::sign(Bytes(payload_bytes_max + 1), key).encode()).error().code,
        DocumentError::document_too_large);
    EXPECT_EQ(CoseSign1::decode(Bytes(1'000'000)).error().code, DocumentError::document_too_large);
}

}  // namespace
}  // namespace glovebox::nsm
