// SPDX-License-Identifier: Apache-2.0

#include "sim/eif/format/signature_section.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/cbor/encoder.h"
#include "sim/eif/base/error.h"

namespace glovebox::eif {
namespace {

using ::testing::HasSubstr;

SignatureSection some_section() {
    SignatureSection section;
    section.certificate_pem = {'P', 'E', 'M'};
    section.cose.algorithm = CoseAlgorithm::es384;
    section.cose.protected_header = encode_protected_header(CoseAlgorithm::es384);
    section.cose.payload = encode_pcr0_payload(Pcr{0x00, 0x17, 0x18, 0xff});
    section.cose.signature = Bytes(96, 0x5a);
    return section;
}

TEST(SignatureSection, IntegersTakeTheShortestForm) {
    const std::string payload = to_hex(some_section().cose.payload);
    EXPECT_THAT(payload, HasSubstr("6e72656769737465725f696e64657800"));  // "register_index": 0
    EXPECT_THAT(payload, HasSubstr("98300017181818ff00"));  // 48 integers: 0, 23, 24, 255, 0 ..
    EXPECT_EQ(to_hex(encode_protected_header(CoseAlgorithm::es256)), "a10126");
    EXPECT_EQ(to_hex(encode_protected_header(CoseAlgorithm::es384)), "a1013822");
    EXPECT_EQ(to_hex(encode_protected_header(CoseAlgorithm::es512)), "a1013823");
    EXPECT_EQ(to_hex(some_section().encode()).substr(0, 44),
              "81a2737369676e696e675f6365727469666963617465");
}

TEST(SignatureSection, WhatIsEncodedIsDecoded) {
    const SignatureSection section = some_section();
    const SignatureSection again = SignatureSection::decode(section.encode()).value();
    EXPECT_EQ(again.certificate_pem, section.certificate_pem);
    EXPECT_EQ(again.cose.algorithm, CoseAlgorithm::es384);
    EXPECT_EQ(again.cose.payload, section.cose.payload);
    EXPECT_EQ(again.cose.signature, section.cose.signature);
}

TEST(SignatureSection, EveryTruncationIsRefused) {
    const Bytes whole = some_section().encode();
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const auto section = SignatureSection::decode(BytesView(whole).first(size));
        ASSERT_FALSE(section) << size;
        EXPECT_EQ(section.error().code, EifError::bad_signature);
    }
}

// AWS's reader takes all of this.
TEST(SignatureSection, AnyOrderUnknownKeysTagAndIndefiniteLengthsAreRead) {
    const SignatureSection section = some_section();
    Bytes tagged = section.cose.encode();
    tagged.insert(tagged.begin(), 0xd2);  // tag 18
    cbor::Encoder inner;
    inner.integer_array(tagged);
    const Bytes signature = inner.take();
    Bytes cbor = from_hex(
                     "9f"  // array, indefinite
                     "bf"  // map, indefinite
                     "6178"
                     "a161619f01820203ff"          // "x": {"a": [_ 1, [2, 3]]}
                     "7f63736967666e6174757265ff"  // (_ "sig", "nature")
                     )
                     .value();
    cbor.insert(cbor.end(), signature.begin(), signature.end());
    const Bytes rest = from_hex(
                           "737369676e696e675f6365727469666963617465"  // "signing_certificate"
                           "9f18501845184dff"                          // [_ 'P', 'E', 'M']
                           "ffff")
                           .value();
    cbor.insert(cbor.end(), rest.begin(), rest.end());
    const auto read = SignatureSection::decode(cbor);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->certificate_pem, section.certificate_pem);
    EXPECT_EQ(read->cose.signature, section.cose.signature);
}

TEST(SignatureSection, WhatAwsReaderRefusesIsRefused) {
    const auto message = [](const char* hex) {
        const auto section = SignatureSection::decode(from_hex(hex).value());
        return section ? std::string() : section.error().message;
    };
    EXPECT_THAT(message("80"), HasSubstr("an empty array"));
    EXPECT_THAT(message("9fff"), HasSubstr("an empty array"));
    EXPECT_THAT(message("a0"), HasSubstr("an array was expected, found map"));
    EXPECT_THAT(message("81a0"), HasSubstr("no \"signing_certificate\""));
    // A byte string in place of the array of integers.
    EXPECT_THAT(message("81a1737369676e696e675f636572746966696361746543504547"),
                HasSubstr("signing_certificate: an array was expected, found byte string"));
    EXPECT_THAT(message("81a1737369676e696e675f636572746966696361746581190100"),
                HasSubstr("an integer from 0 to 255"));
}

// serde_cbor and aws-nitro-enclaves-cose: nothing behind a value, no field twice, each element one.
TEST(SignatureSection, NothingButSignaturesIsRead) {
    const SignatureSection section = some_section();
    const auto message = [](const Bytes& cbor) {
        const auto read = SignatureSection::decode(cbor);
        return read ? std::string() : read.error().message;
    };
    // | array head | map | ...
    const auto with = [&](std::uint8_t elements, const Bytes& cose, std::string_view more) {
        cbor::Encoder encoder;
        encoder.array(elements).map(2);
        encoder.text("signing_certificate").integer_array(section.certificate_pem);
        encoder.text("signature").integer_array(cose);
        Bytes cbor = encoder.take();
        const Bytes end = from_hex(more).value();
        cbor.insert(cbor.end(), end.begin(), end.end());
        return cbor;
    };
    const Bytes cose = section.cose.encode();
    EXPECT_EQ(message(with(1, cose, "")), "");
    EXPECT_THAT(message(with(1, cose, "00")), HasSubstr("1 bytes follow its array"));
    EXPECT_THAT(message(with(2, cose, "00")), HasSubstr("a map was expected"));
    EXPECT_THAT(message(with(2, cose, "a0")), HasSubstr("no \"signing_certificate\""));
    Bytes longer = cose;
    longer.push_back(0);
    EXPECT_THAT(message(with(1, longer, "")), HasSubstr("1 bytes follow it"));
    cbor::Encoder encoder;
    encoder.array(4).bytes(section.cose.protected_header).unsigned_integer(0);
    encoder.bytes(section.cose.payload).bytes(section.cose.signature);
    EXPECT_THAT(message(with(1, encoder.take(), "")), HasSubstr("a map was expected as item 1"));
    Bytes twice = with(1, cose, "");
    twice[1] = 0xa3;
    cbor::Encoder again;
    again.text("signature").integer_array(cose);
    const Bytes field = again.take();
    twice.insert(twice.end(), field.begin(), field.end());
    EXPECT_THAT(message(twice), HasSubstr("\"signature\" stands twice"));
}

TEST(SignatureSection, CountsBeyondTheDataCostNothing) {
    for (const char* hex :
         {"9bffffffffffffffff", "81bbffffffffffffffff", "81a16178bb7fffffffffffffff",
          "81a161789bffffffffffffffff00", "81a16178bbffffffffffffffff00",
          "81a1737369676e696e675f63657274696669636174659b7fffffffffffffff00",
          "81a161785bffffffffffffffff"})
        EXPECT_FALSE(SignatureSection::decode(from_hex(hex).value())) << hex;
}

TEST(SignatureSection, DeepNestingIsRefused) {
    Bytes cbor = from_hex("81a16178").value();
    cbor.insert(cbor.end(), 100'000, 0x81);
    EXPECT_THAT(SignatureSection::decode(cbor).error().message,
                HasSubstr("deeper than 128 levels"));
}

}  // namespace
}  // namespace glovebox::eif
