// SPDX-License-Identifier: Apache-2.0

#include "nsm-mock/document/attestation_document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "core/cbor/encoder.h"
#include "nsm-mock/document/document_error.h"

namespace glovebox::nsm {
namespace {

using cbor::Encoder;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// The nine fields of a payload, each written by a function that a test may replace or remove.
class Payload {
  public:
    using Write = std::function<void(Encoder&)>;

    Payload() {
        set("module_id", [](Encoder& e) { e.text("i-1-enc2"); });
        set("digest", [](Encoder& e) { e.text("SHA384"); });
        set("timestamp", [](Encoder& e) { e.unsigned_integer(1'700'000'000'123); });
        set("pcrs", [](Encoder& e) { e.map(1).unsigned_integer(0).bytes(Bytes(48, 1)); });
        set("certificate", [](Encoder& e) { e.bytes(Bytes(600)); });
        set("cabundle", [](Encoder& e) { e.array(1).bytes(Bytes(500)); });
        set("public_key", [](Encoder& e) { e.null(); });
        set("user_data", [](Encoder& e) { e.null(); });
        set("nonce", [](Encoder& e) { e.null(); });
    }

    Payload& set(const std::string& name, Write write) {
        for (auto& [key, value] : fields_)
            if (key == name) {
                value = std::move(write);
                return *this;
            }
        fields_.emplace_back(name, std::move(write));
        return *this;
    }
    Payload& repeat(const std::string& name, Write write) {
        fields_.emplace_back(name, std::move(write));
        return *this;
    }
    Payload& remove(const std::string& name) {
        std::erase_if(fields_, [&](const auto& field) { return field.first == name; });
        return *this;
    }

    [[nodiscard]] Bytes encode() const {
        Encoder encoder;
        encoder.map(fields_.size());
        for (const auto& [name, write] : fields_) {
            encoder.text(name);
            write(encoder);
        }
        return encoder.take();
    }

  private:
    std::vector<std::pair<std::string, Write>> fields_;
};

Result<AttestationDocument> read(const Payload& payload,
                                 FieldLimits limits = FieldLimits::lenient) {
    std::vector<std::string> warnings;
    return decode_payload(payload.encode(), limits, warnings);
}

void expect_refused(const Payload& payload, DocumentError refusal, const char* message) {
    const auto document = read(payload);
    ASSERT_FALSE(document) << message;
    EXPECT_EQ(document.error().code, refusal) << document.error().message;
    EXPECT_THAT(document.error().message, HasSubstr(message));
    EXPECT_EQ(check_of(refusal), Check::fields);
}

TEST(AttestationDocument, GoesThereAndBackInBothForms) {
    AttestationDocument document;
    document.module_id = "i-1-enc2";
    document.timestamp = TimePoint(std::chrono::milliseconds(1'700'000'000'123));
    document.pcrs[0].fill(1);
    document.pcrs[31].fill(2);
    document.certificate = Bytes(600);
    document.cabundle = {Bytes(500), Bytes(700)};
    document.user_data = Bytes{};
    document.nonce = Bytes(1024);
    for (const PayloadForm form : {PayloadForm::definite, PayloadForm::indefinite}) {
        const Bytes payload = encode_payload(document, form);
        std::vector<std::string> warnings;
        const AttestationDocument again =
            decode_payload(payload, FieldLimits::lenient, warnings).value();
        EXPECT_EQ(again.user_data, Bytes{});
        EXPECT_EQ(again.public_key, std::nullopt);
        EXPECT_EQ(encode_payload(again, form), payload);
        EXPECT_THAT(warnings, ElementsAre(HasSubstr("nonce has 1024 bytes")));
    }
}

TEST(AttestationDocument, AbsentOptionalFieldsAreTakenAsNull) {
    const auto document = read(Payload().remove("public_key").remove("user_data").remove("nonce"));
    ASSERT_TRUE(document) << document.error().message;
    EXPECT_FALSE(document->nonce);
}

TEST(AttestationDocument, EachRequiredFieldIsMissed) {
    for (const char* name :
         {"module_id", "digest", "timestamp", "pcrs", "certificate", "cabundle"}) {
        const std::string message = std::string("the field ") + name + " is missing";
        expect_refused(Payload().remove(name), DocumentError::missing_field, message.c_str());
    }
}

TEST(AttestationDocument, EachFieldHasItsType) {
    for (const char* name :
         {"module_id", "digest", "timestamp", "pcrs", "certificate", "cabundle"}) {
        expect_refused(Payload().set(name, [](Encoder& e) { e.null(); }), DocumentError::wrong_type,
                       (std::string(name) + " is a null").c_str());
        expect_refused(Payload().set(name, [](Encoder& e) { e.boolean(true); }),
                       DocumentError::wrong_type, (std::string(name) + " is a boolean").c_str());
    }
    for (const char* name : {"public_key", "user_data", "nonce"})
        expect_refused(Payload().set(name, [](Encoder& e) { e.text("text"); }),
                       DocumentError::wrong_type, (std::string(name) + " is a text").c_str());
    expect_refused(Payload().set("timestamp", [](Encoder& e) { e.negative(0); }),
                   DocumentError::wrong_type, "negative integer");
    expect_refused(Payload().set("cabundle", [](Encoder& e) { e.array(1).null(); }),
                   DocumentError::wrong_type, "cabundle holds a null");
    expect_refused(Payload().set("pcrs", [](Encoder& e) { e.map(1).text("0").bytes(Bytes(48)); }),
                   DocumentError::wrong_type, "pcrs maps a text");
    expect_refused(
        Payload().set("pcrs", [](Encoder& e) { e.map(1).unsigned_integer(0).text("x"); }),
        DocumentError::wrong_type, "to a text");
}

TEST(AttestationDocument, EachValueHasItsRange) {
    expect_refused(Payload().set("module_id", [](Encoder& e) { e.text(""); }),
                   DocumentError::wrong_value, "module_id is \"\"");
    expect_refused(Payload().set("module_id", [](Encoder& e) { e.text("i-1\x1b[31m"); }),
                   DocumentError::wrong_value, "module_id is \"i-1\\x1b[31m\"");
    expect_refused(Payload().set("digest", [](Encoder& e) { e.text("SHA256"); }),
                   DocumentError::wrong_value, "digest is \"SHA256\"");
    expect_refused(Payload().set("timestamp", [](Encoder& e) { e.unsigned_integer(0); }),
                   DocumentError::wrong_value, "timestamp is 0");
    expect_refused(Payload().set("timestamp", [](Encoder& e) { e.unsigned_integer(~0ULL); }),
                   DocumentError::wrong_value, "milliseconds");
    expect_refused(Payload().set("pcrs", [](Encoder& e) { e.map(0); }), DocumentError::wrong_value,
                   "pcrs is empty");
    expect_refused(
        Payload().set("pcrs", [](Encoder& e) { e.map(1).unsigned_integer(32).bytes(Bytes(48)); }),
        DocumentError::wrong_value, "PCR32");
    for (const std::size_t size : {0, 32, 47, 49, 64})
        expect_refused(
            Payload().set("pcrs",
                          [size](Encoder& e) { e.map(1).unsigned_integer(3).bytes(Bytes(size)); }),
            DocumentError::wrong_value, "SHA-384 has 48");
    expect_refused(Payload().set("certificate", [](Encoder& e) { e.bytes({}); }),
                   DocumentError::wrong_value, "certificate has 0 bytes");
    expect_refused(Payload().set("certificate", [](Encoder& e) { e.bytes(Bytes(1025)); }),
                   DocumentError::field_too_long, "certificate has 1025 bytes");
    expect_refused(Payload().set("cabundle", [](Encoder& e) { e.array(0); }),
                   DocumentError::wrong_value, "cabundle has 0 certificates");
    expect_refused(Payload().set("cabundle",
                                 [](Encoder& e) {
                                     e.array(9);
                                     for (int i = 0; i < 9; ++i)
                                         e.bytes(Bytes(500));
                                 }),
                   DocumentError::wrong_value, "cabundle has 9 certificates");
}

TEST(AttestationDocument, NothingIsThereTwice) {
    expect_refused(Payload().repeat("nonce", [](Encoder& e) { e.null(); }),
                   DocumentError::duplicate_field, "nonce is there twice");
    expect_refused(Payload().set("pcrs",
                                 [](Encoder& e) {
                                     e.map(2).unsigned_integer(7).bytes(Bytes(48));
                                     e.unsigned_integer(7).bytes(Bytes(48, 1));
                                 }),
                   DocumentError::duplicate_field, "PCR7 is there twice");
}

TEST(AttestationDocument, LimitsAreLenientWithAWarningOrStrict) {
    struct Case {
        const char* name;
        std::size_t max;
    };
    for (const Case& c : {Case{"public_key", 1024}, Case{"user_data", 512}, Case{"nonce", 512}}) {
        const auto payload = [&](std::size_t size) {
            return Payload().set(c.name, [size](Encoder& e) { e.bytes(Bytes(size)); });
        };
        std::vector<std::string> warnings;
        EXPECT_TRUE(decode_payload(payload(c.max).encode(), FieldLimits::strict, warnings));
        EXPECT_THAT(warnings, IsEmpty());
        const auto refused = read(payload(c.max + 1), FieldLimits::strict);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, DocumentError::field_too_long);
        EXPECT_TRUE(decode_payload(payload(c.max + 1).encode(), FieldLimits::lenient, warnings));
        EXPECT_THAT(warnings, ElementsAre(HasSubstr(c.name)));
    }
}

TEST(AttestationDocument, AnEmptyPublicKeyIsAWarningOrStrictlyARefusal) {
    const Payload payload = Payload().set("public_key", [](Encoder& e) { e.bytes({}); });
    std::vector<std::string> warnings;
    EXPECT_EQ(decode_payload(payload.encode(), FieldLimits::lenient, warnings)->public_key,
              Bytes{});
    EXPECT_THAT(warnings, ElementsAre(HasSubstr("public_key is empty")));
    EXPECT_EQ(read(payload, FieldLimits::strict).error().code, DocumentError::wrong_value);
}

TEST(AttestationDocument, AnUnknownFieldIsAWarning) {
    std::vector<std::string> warnings;
    const Bytes payload = Payload().set("new\x1b", [](Encoder& e) { e.null(); }).encode();
    EXPECT_TRUE(decode_payload(payload, FieldLimits::lenient, warnings));
    EXPECT_THAT(warnings, ElementsAre(HasSubstr("the field new\\x1b is not one of the nine")));
}

TEST(AttestationDocument, APayloadIsOneMapWithNamesAndNothingAfterIt) {
    std::vector<std::string> warnings;
    for (const char* hex : {"", "80", "f6", "bf", "a16161", "1c"})
        EXPECT_EQ(
            decode_payload(from_hex(hex).value(), FieldLimits::lenient, warnings).error().code,
            DocumentError::malformed_payload)
            << hex;
    Bytes trailing = Payload().encode();
    trailing.push_back(0);
    EXPECT_EQ(decode_payload(trailing, FieldLimits::lenient, warnings).error().code,
              DocumentError::malformed_payload);
    EXPECT_EQ(
        decode_payload(from_hex("a101f6").value(), FieldLimits::lenient, warnings).error().code,
        DocumentError::wrong_type);
}

TEST(AttestationDocument, ItIsADebugDocumentWhenAllThreeMeasurementsAreZero) {
    AttestationDocument document;
    EXPECT_FALSE(document.is_debug()) << "absent is not zero";
    document.pcrs[0] = document.pcrs[1] = document.pcrs[2] = Pcr{};
    EXPECT_TRUE(document.is_debug());
    document.pcrs[2].fill(1);
    EXPECT_FALSE(document.is_debug());
}

TEST(AttestationDocument, ItIsMeasuredWhenNoneOfTheThreeMeasurementsIsAbsentOrZero) {
    AttestationDocument document;
    EXPECT_EQ(document.unmeasured_pcr(), 0) << "absent";
    document.pcrs[0].fill(1);
    document.pcrs[1] = Pcr{};
    document.pcrs[2].fill(1);
    EXPECT_EQ(document.unmeasured_pcr(), 1) << "zero";
    document.pcrs[1].fill(1);
    document.pcrs[3] = Pcr{};
    EXPECT_EQ(document.unmeasured_pcr(), std::nullopt);
    document.pcrs.erase(2);
    EXPECT_EQ(document.unmeasured_pcr(), 2);
}

}  // namespace
}  // namespace glovebox::nsm
