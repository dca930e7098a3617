// SPDX-License-Identifier: Apache-2.0

#include "sim/eif/build/signer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "core/base/testing/temporary_directory.h"
#include "core/testing/vectors.h"
#include "sim/eif/base/error.h"
#include "sim/eif/base/mapped_file.h"
#include "sim/eif/format/signature_check.h"
#include "sim/eif/report/describe.h"
#include "sim/eif/testing/test_support.h"

namespace glovebox::eif {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::KeyPair;
using testing::make_key_pair;
using testing::part;

SigningIdentity load(const KeyPair& pair) {
    return SigningIdentity::load(pair.key.string(), pair.certificate).value();
}

Bytes sign(const Bytes& image, const SigningIdentity& identity) {
    const TemporaryDirectory scratch;
    testing::write_file(scratch / "i.eif", image);
    EXPECT_TRUE(sign_file(scratch / "i.eif", identity));
    return testing::read_file(scratch / "i.eif");
}

TimePoint now() {
    return SystemClock().now();
}

class Signer : public ::testing::TestWithParam<const char*> {};

TEST_P(Signer, SignsEveryCurveAndTheSignatureVerifies) {
    const TemporaryDirectory scratch;
    const SigningIdentity identity = load(make_key_pair(scratch.path(), GetParam()));
    const Bytes before = testing::small_image();
    const Bytes after = sign(before, identity);

    const Image image = Image::parse(after).value();
    EXPECT_TRUE(image.findings().empty());
    const Measurements pcrs = measure(image).value();
    EXPECT_EQ(pcrs.pcr0, measure(Image::parse(before).value()).value().pcr0);
    const auto verdict = check_signature(image, pcrs.pcr0).value();
    ASSERT_TRUE(verdict);
    EXPECT_TRUE(verdict->cose_verifies);
    EXPECT_TRUE(verdict->signs_this_image);
    EXPECT_EQ(verdict->section.certificate_pem, testing::read_file(scratch / "cert.pem"));
    // PCR8 is over the DER, which openssl makes of the PEM.
    testing::shell("cd " + scratch.path() + " && openssl x509 -in cert.pem -outform DER -out c");
    EXPECT_EQ(*pcrs.pcr8, extended(Pcr{}, sha384({testing::read_file(scratch / "c")})));
    EXPECT_TRUE(describe(image, measure_content(image), now()).value().good);
}

INSTANTIATE_TEST_SUITE_P(Curves, Signer, ::testing::Values("prime256v1", "secp384r1", "secp521r1"));

TEST(SignFile, TheSameInputGivesTheSameBytes) {
    const TemporaryDirectory scratch;
    const SigningIdentity identity = load(make_key_pair(scratch.path(), "secp384r1"));
    EXPECT_EQ(sign(testing::small_image(), identity), sign(testing::small_image(), identity));
}

TEST(SignFile, SigningAgainGivesWhatSigningOnceGives) {
    const TemporaryDirectory first;
    const TemporaryDirectory second;
    const SigningIdentity a = load(make_key_pair(first.path(), "secp384r1"));
    const SigningIdentity b = load(make_key_pair(second.path(), "prime256v1"));
    const Bytes once = sign(testing::small_image(), b);
    EXPECT_EQ(sign(sign(testing::small_image(), a), b), once);
}

// AWS's own tool leaves the old size in section_sizes here.
TEST(SignFile, ASignatureInTheMiddleIsReplacedAndWhatFollowsMoves) {
    const TemporaryDirectory first;
    const TemporaryDirectory second;
    const SigningIdentity a = load(make_key_pair(first.path(), "secp521r1"));
    const SigningIdentity b = load(make_key_pair(second.path(), "prime256v1"));
    const Bytes unsigned_image = testing::small_image();
    const Image plain = Image::parse(unsigned_image).value();
    const Bytes old = a.sign(measure(plain).value().pcr0).value();
    const Bytes file = testing::make_image({part(SectionType::kernel, "K"),
                                            part(SectionType::cmdline, "C"),
                                            {SectionType::signature, old},
                                            part(SectionType::metadata, testing::some_metadata),
                                            part(SectionType::ramdisk, "A"),
                                            part(SectionType::ramdisk, "B")});
    const Bytes renewed = sign(file, b);
    ASSERT_NE(renewed.size(), file.size());
    const Image image = Image::parse(renewed).value();
    EXPECT_TRUE(image.findings().empty());
    EXPECT_EQ(as_text(image.ramdisks()[1]), "B");
    EXPECT_TRUE(describe(image, measure_content(image), now()).value().good);
}

TEST(SignFile, ARealImageSignedLaterDiffersOnlyWhereItMust) {
    const auto folder = test_vectors("eif");
    if (!folder)
        GTEST_SKIP() << no_test_vectors;
    const TemporaryDirectory scratch;
    const SigningIdentity identity = load(make_key_pair(scratch.path(), "secp384r1"));
    const Bytes v1 = testing::read_file(*folder / "v1.eif");
    const Bytes v4 = testing::read_file(*folder / "v4-signed.eif");
    const Bytes mine = sign(v1, identity);
    // Old signature or none: the same file results.
    EXPECT_EQ(sign(v4, identity), mine);
    // Behind the header all of v1 is kept.
    EXPECT_TRUE(std::equal(v1.begin() + header_size, v1.end(), mine.begin() + header_size));
}

TEST(CheckSignature, ARealSignatureVerifies) {
    const auto folder = test_vectors("eif");
    if (!folder)
        GTEST_SKIP() << no_test_vectors;
    const MappedFile file = MappedFile::open(*folder / "v4-signed.eif").value();
    const Image image = Image::parse(file.bytes()).value();
    const auto verdict = check_signature(image, measure(image).value().pcr0).value();
    ASSERT_TRUE(verdict);
    EXPECT_TRUE(verdict->cose_verifies);
    EXPECT_TRUE(verdict->signs_this_image);
    // What AWS's tool wrote is what encode() writes.
    const BytesView data = image.find(SectionType::signature)->data;
    EXPECT_EQ(verdict->section.encode(), Bytes(data.begin(), data.end()));
}

TEST(CheckSignature, ASignatureOverAnotherImageIsTold) {
    const TemporaryDirectory scratch;
    const SigningIdentity identity = load(make_key_pair(scratch.path(), "secp384r1"));
    const Bytes other = identity.sign(Pcr{}).value();
    const Bytes file = testing::make_image({part(SectionType::kernel, "K"),
                                            part(SectionType::cmdline, "C"),
                                            part(SectionType::metadata, testing::some_metadata),
                                            part(SectionType::ramdisk, "A"),
                                            {SectionType::signature, other}});
    const Description description =
        describe(Image::parse(file).value(), measure_content(Image::parse(file).value()), now())
            .value();
    EXPECT_FALSE(description.json.at("SignatureCheck").as_bool());
    EXPECT_FALSE(description.good);
    EXPECT_THAT(description.remarks, ElementsAre(HasSubstr("signs another PCR0")));
}

TEST(CheckSignature, AForgedSignatureIsTold) {
    const TemporaryDirectory scratch;
    const SigningIdentity identity = load(make_key_pair(scratch.path(), "secp384r1"));
    Bytes file = sign(testing::small_image(), identity);
    file.back() ^= 1;  // the last byte of s
    testing::set_header(file, Header::decode(file));
    const Description description =
        describe(Image::parse(file).value(), measure_content(Image::parse(file).value()), now())
            .value();
    EXPECT_FALSE(description.json.at("SignatureCheck").as_bool());
    EXPECT_TRUE(description.json.at("CheckCRC").as_bool());
    EXPECT_FALSE(description.good);
    EXPECT_THAT(description.remarks, ElementsAre(HasSubstr("does not verify")));
}

TEST(CheckSignature, AnExpiredCertificateIsTold) {
    const TemporaryDirectory scratch;
    const SigningIdentity identity = load(make_key_pair(scratch.path(), "secp384r1"));
    const Bytes file = sign(testing::small_image(), identity);
    const Image image = Image::parse(file).value();
    for (const auto shift : {std::chrono::hours(24 * 31), std::chrono::hours(-24)}) {
        const Description description =
            describe(image, measure_content(image), now() + shift).value();
        EXPECT_TRUE(
            description.json.at("SignatureCheck").as_bool());  // as AWS's: dates are not part
        EXPECT_FALSE(description.good);
        EXPECT_THAT(description.remarks, ElementsAre(HasSubstr("run-enclave refuses it with E59")));
    }
}

TEST(SigningIdentity, AKeyThatIsNotTheCertificatesIsRefused) {
    const TemporaryDirectory first;
    const TemporaryDirectory second;
    const KeyPair a = make_key_pair(first.path(), "secp384r1");
    const KeyPair b = make_key_pair(second.path(), "secp384r1");
    const auto identity = SigningIdentity::load(a.key.string(), b.certificate);
    ASSERT_FALSE(identity);
    EXPECT_EQ(identity.error().code, EifError::bad_key);
    EXPECT_THAT(identity.error().message, HasSubstr("not the certificate's"));
}

TEST(SigningIdentity, WhatIsNoKeyOrNoCertificateIsNamed) {
    const TemporaryDirectory scratch;
    const KeyPair pair = make_key_pair(scratch.path(), "secp384r1");
    testing::write_file(scratch / "junk", std::string_view("junk"));
    testing::shell("cd " + scratch.path() +
                   " && openssl ec -in key.pem -aes128 -passout pass:x -out locked.pem 2>&1"
                   " && openssl genrsa -out rsa.pem 2048 2>&1");
    const auto message = [&](const std::string& key, const std::filesystem::path& certificate) {
        const auto identity = SigningIdentity::load(key, certificate);
        return identity ? std::string() : identity.error().message;
    };
    const std::string junk = scratch / "junk";
    EXPECT_THAT(message(junk, pair.certificate), HasSubstr("private key: no unencrypted"));
    EXPECT_THAT(message(scratch / "locked.pem", pair.certificate),
                HasSubstr("private key: no unencrypted"));
    EXPECT_THAT(message(scratch / "rsa.pem", pair.certificate), HasSubstr("P-384"));
    EXPECT_THAT(message(pair.key.string(), junk), HasSubstr("signing certificate: there is none"));
    EXPECT_THAT(message("/nowhere", pair.certificate), HasSubstr("/nowhere can't be opened"));
    EXPECT_THAT(message("arn:aws:kms:eu-west-1:123456789012:key/abc", pair.certificate),
                HasSubstr("AWS KMS"));
}

TEST(SignFile, WhatIsNotRightIsNotSigned) {
    const TemporaryDirectory scratch;
    const SigningIdentity identity = load(make_key_pair(scratch.path(), "secp384r1"));
    const auto refusal = [&](const Bytes& image) {
        testing::write_file(scratch / "i.eif", image);
        const auto result = sign_file(scratch / "i.eif", identity);
        EXPECT_EQ(testing::read_file(scratch / "i.eif"), image);  // untouched
        return result ? std::string() : result.error().message;
    };
    Bytes flipped = testing::small_image();
    flipped.back() ^= 1;
    EXPECT_THAT(refusal(flipped), HasSubstr("CRC"));
    Bytes cut = testing::small_image();
    cut.pop_back();
    EXPECT_THAT(refusal(cut), HasSubstr("section 5 (ramdisk) at offset 794"));
    Header version2;
    version2.version = 2;
    EXPECT_THAT(refusal(testing::make_image(
                    {part(SectionType::kernel, "K"), part(SectionType::cmdline, "C"),
                     part(SectionType::ramdisk, "A")},
                    version2)),
                HasSubstr("version 2"));
    std::vector<testing::Part> many{part(SectionType::kernel, "K"), part(SectionType::cmdline, "C"),
                                    part(SectionType::metadata, testing::some_metadata)};
    many.resize(32, part(SectionType::ramdisk, "A"));
    EXPECT_THAT(refusal(testing::make_image(many)), HasSubstr("32 sections"));
    // Nothing else lies about.
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(scratch.path()), {}), 3);
}

}  // namespace
}  // namespace glovebox::eif
