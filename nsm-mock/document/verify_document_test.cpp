// SPDX-License-Identifier: Apache-2.0

// Each refusal, reached alone: a document with a single thing changed and signed again.

#include "nsm-mock/document/verify_document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nsm-mock/document/cose_sign1.h"
#include "nsm-mock/pki/certificate_profile.h"
#include "nsm-mock/testing/mock_module.h"

namespace glovebox::nsm {
namespace {

using namespace std::chrono_literals;
using test::MockModule;
using test::module_time;
using testing::AllOf;
using testing::HasSubstr;

constexpr TimePoint now = module_time;

// A chain of five that tests may bend before a document is signed with it.
struct Link {
    CertificateContent content;
    SigningKey key = SigningKey::generate();
};

class VerifyDocument : public ::testing::Test {
  protected:
    VerifyDocument() {
        const TimePoint from = now - 1h;
        links_ = {
            Link{{{1}, root_name(), from, now + std::chrono::days(900), root_extensions()}},
            Link{{{2}, regional_name("aa", "us-east-1"), from, now + 480h, regional_extensions()}},
            Link{{{3},
                  zonal_name("bb", "us-east-1"),
                  from,
                  now + 120h,
                  zonal_extensions("us-east-1", "id")}},
            Link{{{4},
                  instance_name("i-07e25f3bada361dec", "us-east-1"),
                  from,
                  now + 24h,
                  instance_extensions()}},
            Link{{{5}, leaf_name("i-1-enc2", "us-east-1"), from, now + 3h, leaf_extensions()}},
        };
        document_.module_id = "i-07e25f3bada361dec-enc018bcfe56800a785";
        document_.timestamp = now - 10s;
        document_.pcrs[0].fill(0x10);
        document_.pcrs[1].fill(0x11);
        document_.pcrs[2].fill(0x12);
        document_.pcrs[3].fill(0x13);
        document_.nonce = Bytes{1, 2, 3, 4};
    }

    // Issues the chain as it is now bent.
    std::vector<Certificate> issue() {
        std::vector<Certificate> chain;
        for (std::size_t i = 0; i < links_.size(); ++i)
            chain.push_back(issue_certificate(links_[i].content, links_[i].key,
                                              i == 0 ? links_[0].key : links_[i - 1].key,
                                              i == 0 ? nullptr : &chain.back()));
        return chain;
    }

    void put(const std::vector<Certificate>& chain) {
        document_.cabundle.clear();
        for (std::size_t i = 0; i + 1 < chain.size(); ++i)
            document_.cabundle.push_back(chain[i].der());
        document_.certificate = chain.back().der();
        root_ = TrustRoot("mock", chain.front());
    }

    [[nodiscard]] Bytes sign() const {
        return CoseSign1::sign(encode_payload(document_, PayloadForm::definite), links_.back().key)
            .encode();
    }

    void expect_refused(DocumentError refusal, const testing::Matcher<std::string>& message,
                        const Policy& policy = {}, TimePoint at = now) {
        const auto verified = verify_document(sign(), root_, at, policy);
        ASSERT_FALSE(verified) << name_of(refusal);
        EXPECT_EQ(verified.error().code, refusal) << verified.error().message;
        EXPECT_THAT(verified.error().message, message);
    }

    std::vector<Link> links_;
    AttestationDocument document_;
    TrustRoot root_ = TrustRoot::aws();
};

TEST_F(VerifyDocument, NothingIsWrongWithTheDocumentThatTheseTestsBend) {
    put(issue());
    Policy policy;
    policy.pcrs = document_.pcrs;
    policy.nonce = document_.nonce;
    policy.max_age = 1min;
    policy.refuse_debug = true;
    policy.limits = FieldLimits::strict;
    const auto verified = verify_document(sign(), root_, now, policy);
    ASSERT_TRUE(verified) << verified.error().message;
    EXPECT_EQ(verified->document().module_id, document_.module_id);
    EXPECT_EQ(verified->root().name(), "mock");
    EXPECT_EQ(verified->verified_at(), now);
    EXPECT_EQ(verified->chain().size(), 5u);
    EXPECT_TRUE(verified->warnings().empty());
}

TEST_F(VerifyDocument, TheRootIsComparedAsAWhole) {
    put(issue());
    root_ = TrustRoot::aws();
    expect_refused(DocumentError::untrusted_root,
                   AllOf(HasSubstr("the document's root is CN=aws.nitro-enclaves.MOCK"),
                         HasSubstr("the trusted one is the aws root, CN=aws.nitro-enclaves "),
                         HasSubstr(std::string(aws_root_fingerprint))));
    // Same name, same everything, another key.
    links_[0].key = SigningKey::generate();
    const std::vector<Certificate> other = issue();
    root_ = TrustRoot("mock", other.front());
    expect_refused(DocumentError::untrusted_root, HasSubstr("the trusted one is the mock root"));
}

TEST_F(VerifyDocument, AKnownChainIsNotCheckedAgainButForItsTimes) {
    put(issue());
    KnownChains known;
    ASSERT_TRUE(verify_document(sign(), root_, now, {}, &known));
    ASSERT_TRUE(known.find(document_, root_));
    const auto again = verify_document(sign(), root_, now, {}, &known);
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(again->chain().size(), 5u);
    const auto late = verify_document(sign(), root_, now + 4h, {}, &known);
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code, DocumentError::certificate_expired);
    // The document's own signature is nobody's memory.
    links_.back().key = SigningKey::generate();
    const auto forged = verify_document(sign(), root_, now, {}, &known);
    ASSERT_FALSE(forged);
    EXPECT_EQ(forged.error().code, DocumentError::bad_signature);
}

TEST_F(VerifyDocument, CertificatesAboveTheLeafAreReadOnceForARoot) {
    put(issue());
    const auto first = verify_document(sign(), root_, now);
    ASSERT_TRUE(first) << first.error().message;
    const TrustRoot copy = root_;
    const auto second = verify_document(sign(), copy, now);
    ASSERT_TRUE(second) << second.error().message;
    for (std::size_t i = 0; i < 4; ++i)
        EXPECT_EQ(first->chain()[i].get(), second->chain()[i].get()) << i;
    EXPECT_NE(first->chain()[4].get(), second->chain()[4].get());
}

// What was read before is no proof of anything.
TEST_F(VerifyDocument, ACertificateThatIsKnownFromAGoodChainIsRefusedInAnother) {
    put(issue());
    ASSERT_TRUE(verify_document(sign(), root_, now));
    const AttestationDocument good = document_;
    const TrustRoot root = root_;
    // The same certificates below an instance certificate of another key.
    links_[3].key = SigningKey::generate();
    put(issue());
    root_ = root;
    document_.cabundle = good.cabundle;
    expect_refused(DocumentError::broken_chain, HasSubstr("the leaf certificate"));
    document_ = good;
    std::swap(document_.cabundle[1], document_.cabundle[2]);
    links_[4].key = SigningKey::generate();
    const auto verified = verify_document(sign(), root_, now);
    ASSERT_FALSE(verified);
    EXPECT_EQ(verified.error().code, DocumentError::broken_chain) << verified.error().message;
}

TEST_F(VerifyDocument, AChainIsKnownUnderItsOwnRootAndByEachOfItsBytes) {
    put(issue());
    KnownChains known;
    ASSERT_TRUE(verify_document(sign(), root_, now, {}, &known));
    const auto elsewhere = verify_document(sign(), TrustRoot::aws(), now, {}, &known);
    ASSERT_FALSE(elsewhere);
    EXPECT_EQ(elsewhere.error().code, DocumentError::untrusted_root);
    for (Bytes* certificate : {&document_.certificate, &document_.cabundle[2]}) {
        certificate->back() ^= 1;  // within its signature
        const auto changed = verify_document(sign(), root_, now, {}, &known);
        ASSERT_FALSE(changed);
        EXPECT_EQ(changed.error().code, DocumentError::broken_chain) << changed.error().message;
        EXPECT_FALSE(known.find(document_, root_));
        certificate->back() ^= 1;
    }
}

TEST_F(VerifyDocument, OfTooManyKnownChainsTheOldestIsForgotten) {
    const std::vector<Certificate> chain = issue();
    put(chain);
    const Bytes leaf = document_.certificate;
    KnownChains known;
    for (std::size_t i = 0; i <= KnownChains::chains_max; ++i) {
        document_.certificate.resize(leaf.size() + i);
        known.add(document_, root_, chain);
        known.add(document_, root_, chain);  // no second place
    }
    EXPECT_TRUE(known.find(document_, root_));
    document_.certificate.resize(leaf.size() + 1);
    EXPECT_TRUE(known.find(document_, root_));
    document_.certificate = leaf;
    EXPECT_FALSE(known.find(document_, root_));
}

TEST_F(VerifyDocument, ACertificateThatCantBeReadIsNamed) {
    put(issue());
    const Bytes zonal = document_.cabundle[2];
    document_.cabundle[2].pop_back();
    expect_refused(DocumentError::malformed_certificate,
                   HasSubstr("the zonal certificate can't be read"));
    document_.cabundle[2] = zonal;
    document_.cabundle[2].push_back(0);
    expect_refused(DocumentError::malformed_certificate,
                   HasSubstr("1 bytes follow the certificate"));
    document_.cabundle[2] = zonal;
    document_.certificate = Bytes{0x30, 0};
    expect_refused(DocumentError::malformed_certificate,
                   HasSubstr("the leaf certificate can't be read"));
}

TEST_F(VerifyDocument, EachCertificateHasToBeValidAtTheTime) {
    const char* names[] = {"root", "regional", "zonal", "instance", "leaf"};
    for (std::size_t i = 0; i < links_.size(); ++i) {
        const CertificateContent good = links_[i].content;
        links_[i].content.not_after = now - 3h - 12min;
        links_[i].content.not_before = now - 24h;
        put(issue());
        // module_time has 123 ms, the certificate's times whole seconds
        expect_refused(DocumentError::certificate_expired,
                       AllOf(HasSubstr(std::string("the ") + names[i] + " certificate (CN="),
                             HasSubstr("expired 3 h 12 min ago"),
                             HasSubstr("it is 2023-11-14T22:13:20.123Z")));
        links_[i].content = good;
        links_[i].content.not_before = now + 90min;
        put(issue());
        expect_refused(DocumentError::certificate_not_yet_valid,
                       AllOf(HasSubstr(std::string("the ") + names[i] + " certificate (CN="),
                             HasSubstr("becomes valid in 89 min")));
        links_[i].content = good;
    }
}

TEST_F(VerifyDocument, OfSeveralThatHaveExpiredTheFirstToDoSoIsNamed) {
    put(issue());
    expect_refused(DocumentError::certificate_expired, HasSubstr("the leaf certificate"), {},
                   now + 48h);
    expect_refused(DocumentError::certificate_not_yet_valid, HasSubstr("the leaf certificate"), {},
                   now - 48h);
}

TEST_F(VerifyDocument, ASkewedClockIsSeenAsAnExpiredLeaf) {
    MockModule module;
    const Bytes document = module.client.attest().value();
    EXPECT_EQ(verify_document(document, module.root, module_time + 4h).error().code,
              DocumentError::certificate_expired);
    EXPECT_EQ(verify_document(document, module.root, module_time - 4s).error().code,
              DocumentError::certificate_not_yet_valid);
    EXPECT_TRUE(verify_document(document, module.root, module_time - 3s));
    // The module's clock four hours ahead, the verifier's right.
    module.clock.advance(4h);
    const Bytes ahead = module.client.attest().value();
    EXPECT_EQ(verify_document(ahead, module.root, module_time).error().code,
              DocumentError::certificate_not_yet_valid);
}

TEST_F(VerifyDocument, ACertificateOfAnotherIssuerBreaksTheChain) {
    for (std::size_t i = 1; i < links_.size(); ++i) {
        std::vector<Certificate> chain = issue();
        // The same name and key, signed by a stranger of the issuer's name.
        const SigningKey stranger = SigningKey::generate();
        chain[i] = issue_certificate(links_[i].content, links_[i].key, stranger, &chain[i - 1]);
        put(chain);
        expect_refused(DocumentError::broken_chain, HasSubstr("certificate signature failure"));
    }
}

TEST_F(VerifyDocument, AMissingSwappedOrAddedCertificateBreaksTheChain) {
    const std::vector<Certificate> chain = issue();
    for (std::size_t i = 1; i + 1 < chain.size(); ++i) {
        std::vector<Certificate> shorter = chain;
        shorter.erase(shorter.begin() + static_cast<std::ptrdiff_t>(i));
        put(shorter);
        expect_refused(DocumentError::broken_chain, HasSubstr("certificate"));
    }
    std::vector<Certificate> swapped = chain;
    std::swap(swapped[1], swapped[2]);
    put(swapped);
    expect_refused(DocumentError::broken_chain, HasSubstr("not in the order"));
    std::vector<Certificate> longer = chain;
    longer.insert(longer.begin() + 2, issue()[1]);
    put(longer);
    expect_refused(DocumentError::broken_chain, HasSubstr("not in the order"));
}

TEST_F(VerifyDocument, AChainOfOtherLengthIsTakenWhenItHolds) {
    // AWS says only that the bundle leads from the root to the leaf's issuer.
    links_.erase(links_.begin() + 2);
    put(issue());
    EXPECT_TRUE(verify_document(sign(), root_, now));
}

TEST_F(VerifyDocument, AnIssuerHasToBeACa) {
    for (std::size_t i = 1; i <= 3; ++i) {
        const auto good = links_[i].content.extensions;
        const ExtensionText key_id{NID_subject_key_identifier, "hash"};
        links_[i].content.extensions = leaf_extensions();
        links_[i].content.extensions.push_back(key_id);
        put(issue());
        expect_refused(DocumentError::wrong_certificate_usage, HasSubstr("invalid CA certificate"));
        links_[i].content.extensions = {{NID_key_usage, "critical,keyCertSign"}, key_id};
        put(issue());
        expect_refused(DocumentError::wrong_certificate_usage, HasSubstr("CA"));
        links_[i].content.extensions = {{NID_basic_constraints, "critical,CA:TRUE"},
                                        {NID_key_usage, "critical,digitalSignature"},
                                        key_id};
        put(issue());
        expect_refused(DocumentError::wrong_certificate_usage, HasSubstr("CA"));
        links_[i].content.extensions = good;
    }
}

TEST_F(VerifyDocument, ThePathLengthIsKept) {
    links_[1].content.extensions[0].value = "critical,CA:TRUE,pathlen:1";
    put(issue());
    expect_refused(DocumentError::wrong_certificate_usage, HasSubstr("path length"));
}

TEST_F(VerifyDocument, AnUnknownCriticalExtensionIsNotPassedOver) {
    links_[2].content.extensions.push_back({NID_netscape_comment, "critical,unheard of"});
    put(issue());
    expect_refused(DocumentError::wrong_certificate_usage, HasSubstr("critical extension"));
}

TEST_F(VerifyDocument, TheLeafSignsDocumentsAndIsNoCa) {
    links_[4].content.extensions = {{NID_basic_constraints, "critical,CA:TRUE"},
                                    {NID_key_usage, "critical,digitalSignature,keyCertSign"}};
    links_[3].content.extensions[0].value = "critical,CA:TRUE";
    put(issue());
    expect_refused(DocumentError::wrong_certificate_usage, HasSubstr("is a CA"));
    links_[4].content.extensions = {{NID_basic_constraints, "critical,CA:FALSE"},
                                    {NID_key_usage, "nonRepudiation"}};
    put(issue());
    expect_refused(DocumentError::wrong_certificate_usage, HasSubstr("digitalSignature"));
    links_[4].content.extensions = {{NID_basic_constraints, "critical,CA:FALSE"}};
    put(issue());
    expect_refused(DocumentError::wrong_certificate_usage, HasSubstr("digitalSignature"));
}

TEST_F(VerifyDocument, AKeyOfAnotherCurveIsRefused) {
    std::vector<Certificate> chain = issue();
    const PkeyPtr p256(EVP_EC_gen("P-256"));
    X509Ptr leaf(X509_dup(chain[4].get()));
    ASSERT_EQ(X509_set_pubkey(leaf.get(), p256.get()), 1);
    ASSERT_GT(X509_sign(leaf.get(), links_[3].key.get(), EVP_sha384()), 0);
    chain[4] = Certificate(std::move(leaf));
    put(chain);
    expect_refused(DocumentError::wrong_key_type, HasSubstr("the leaf certificate (CN=i-1-enc2"));
    chain = issue();
    X509Ptr zonal(X509_dup(chain[2].get()));
    ASSERT_GT(X509_sign(zonal.get(), links_[1].key.get(), EVP_sha256()), 0);
    chain[2] = Certificate(std::move(zonal));
    put(chain);
    expect_refused(DocumentError::wrong_key_type, HasSubstr("the zonal certificate"));
}

TEST_F(VerifyDocument, ASignatureByAnotherKeyOrOverOtherBytesIsRefused) {
    put(issue());
    const SigningKey good = links_[4].key;
    links_[4].key = links_[3].key;
    expect_refused(DocumentError::bad_signature, HasSubstr("changed after it was signed"));
    links_[4].key = good;
    CoseSign1 sign1 = CoseSign1::decode(sign()).value();
    document_.nonce = Bytes{4, 3, 2, 1};
    sign1.payload = encode_payload(document_, PayloadForm::definite);
    const auto refused = verify_document(sign1.encode(), root_, now);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, DocumentError::bad_signature);
}

TEST_F(VerifyDocument, AnExpectedPcrIsComparedAndBothValuesAreSaid) {
    put(issue());
    Policy policy;
    policy.pcrs[3].fill(0xee);
    std::string actual;
    std::string expected;
    for (int i = 0; i < 48; ++i) {
        actual += "13";
        expected += "ee";
    }
    expect_refused(DocumentError::pcr_mismatch,
                   "PCR3 is " + actual + ", " + expected + " was expected", policy);
    policy.pcrs.clear();
    policy.pcrs[16] = Pcr{};
    expect_refused(DocumentError::pcr_absent, HasSubstr("PCR16 is not in the document"), policy);
}

TEST_F(VerifyDocument, ADebugDocumentIsRefusedWhereItIsNotWanted) {
    const Pcr pcr0 = document_.pcrs[0];
    document_.pcrs[0] = document_.pcrs[1] = document_.pcrs[2] = Pcr{};
    put(issue());
    const auto verified = verify_document(sign(), root_, now);
    ASSERT_TRUE(verified);
    EXPECT_THAT(verified->warnings(), testing::ElementsAre(HasSubstr("debug mode")));
    Policy policy;
    policy.pcrs[0] = pcr0;
    expect_refused(DocumentError::debug_document,
                   AllOf(HasSubstr("debug mode"), HasSubstr("PCR0 1010")), policy);
    policy.pcrs.clear();
    policy.pcrs[3] = document_.pcrs[3];
    EXPECT_TRUE(verify_document(sign(), root_, now, policy));
    policy.refuse_debug = true;
    expect_refused(DocumentError::debug_document, HasSubstr("not accepted here"), policy);
    // One who expects the zeros, as a policy for debug enclaves does, gets them.
    policy = {};
    policy.pcrs[0] = Pcr{};
    EXPECT_TRUE(verify_document(sign(), root_, now, policy));
}

TEST_F(VerifyDocument, ADocumentThatCannotTellItsModeIsRefusedWhereDebugIs) {
    Policy no_debug;
    no_debug.refuse_debug = true;
    const auto measured = document_.pcrs;
    const auto expect_unmeasured = [&](DocumentError refusal, const std::string& sentence,
                                       const std::string& warning) {
        put(issue());
        expect_refused(refusal, HasSubstr(sentence), no_debug);
        const auto verified = verify_document(sign(), root_, now);
        ASSERT_TRUE(verified) << verified.error().message;
        EXPECT_THAT(verified->warnings(), testing::ElementsAre(HasSubstr(warning)));
    };
    for (const PcrIndex index : {0, 1, 2}) {
        const std::string name = "PCR" + std::to_string(index);
        document_.pcrs = measured;
        document_.pcrs.erase(index);
        expect_unmeasured(DocumentError::pcr_absent, name + " is not in the document",
                          name + " is absent");
        document_.pcrs[index] = Pcr{};
        expect_unmeasured(DocumentError::debug_document, name + " is zero", name + " is zero");
        document_.pcrs[(index + 1) % 3] = Pcr{};
        put(issue());
        expect_refused(DocumentError::debug_document, HasSubstr(" is zero"), no_debug);
    }
    document_.pcrs = measured;
    for (const PcrIndex index : {0, 1, 2})
        document_.pcrs.erase(index);
    expect_unmeasured(DocumentError::pcr_absent, "PCR0 is not in the document", "PCR0 is absent");
}

TEST_F(VerifyDocument, NonceUserDataAndPublicKeyAreCompared) {
    document_.user_data = Bytes{};
    put(issue());
    Policy policy;
    policy.nonce = Bytes{1, 2, 3, 5};
    expect_refused(DocumentError::nonce_mismatch, "nonce is 01020304, 01020305 was expected",
                   policy);
    policy = {};
    policy.user_data = Bytes{7};
    expect_refused(DocumentError::user_data_mismatch, "user_data is empty, 07 was expected",
                   policy);
    policy = {};
    policy.public_key = Bytes(40, 0xab);
    expect_refused(DocumentError::public_key_mismatch,
                   AllOf(HasSubstr("public_key is absent"), HasSubstr("(40 bytes) was expected")),
                   policy);
    policy = {};
    policy.user_data = Bytes{};
    EXPECT_TRUE(verify_document(sign(), root_, now, policy));
}

TEST_F(VerifyDocument, AgeIsCountedFromTheDocumentsTimeBothWays) {
    put(issue());
    Policy policy;
    policy.max_age = 10s;
    EXPECT_TRUE(verify_document(sign(), root_, now, policy));
    expect_refused(DocumentError::too_old,
                   AllOf(HasSubstr("made 61 s ago"), HasSubstr("10 s at the most")), policy,
                   now + 51s);
    document_.timestamp = now + 11s;
    expect_refused(DocumentError::too_old, HasSubstr("11 s ahead"), policy);
}

TEST_F(VerifyDocument, StrictLimitsAreTheVerifiersChoice) {
    document_.nonce = Bytes(513);
    put(issue());
    EXPECT_TRUE(verify_document(sign(), root_, now));
    Policy policy;
    policy.limits = FieldLimits::strict;
    expect_refused(DocumentError::field_too_long, HasSubstr("nonce has 513 bytes"), policy);
}

TEST_F(VerifyDocument, TheOrderOfTheChecksIsFixed) {
    // Everything is wrong; each correction uncovers the next error.
    links_[4].content.not_after = now - 30min;
    put(issue());
    const SigningKey good = links_[4].key;
    links_[4].key = SigningKey::generate();
    document_.digest = "SHA256";
    Policy policy;
    policy.nonce = Bytes{9};
    policy.pcrs[0] = Pcr{};
    const TrustRoot mock = root_;
    root_ = TrustRoot::aws();
    Bytes trailing = sign();
    trailing.push_back(0);
    EXPECT_EQ(verify_document(trailing, root_, now, policy).error().code,
              DocumentError::trailing_bytes);
    expect_refused(DocumentError::wrong_value, HasSubstr("digest"), policy);
    document_.digest = "SHA384";
    expect_refused(DocumentError::untrusted_root, testing::_, policy);
    root_ = mock;
    expect_refused(DocumentError::certificate_expired, testing::_, policy);
    const auto at = now - 45min;
    expect_refused(DocumentError::bad_signature, testing::_, policy, at);
    links_[4].key = good;
    expect_refused(DocumentError::pcr_mismatch, testing::_, policy, at);
    policy.pcrs.clear();
    expect_refused(DocumentError::nonce_mismatch, testing::_, policy, at);
    policy.nonce.reset();
    EXPECT_TRUE(verify_document(sign(), root_, at, policy));
}

TEST_F(VerifyDocument, EveryTruncationOfAMockDocumentIsRefusedAndEveryFlippedBit) {
    put(issue());
    const Bytes document = sign();
    for (std::size_t i = 0; i < document.size(); ++i)
        EXPECT_FALSE(verify_document(BytesView(document).first(i), root_, now)) << i;
    // One bit of every seventh byte: each costs the check of a whole chain.
    for (std::size_t i = 0; i < document.size(); i += 7) {
        Bytes flipped = document;
        flipped[i] ^= static_cast<std::uint8_t>(1u << (i % 8));
        ASSERT_FALSE(verify_document(flipped, root_, now)) << i;
    }
}

TEST(DocumentError, EachHasANameACheckAndASentence) {
    for (int code = 1; code <= static_cast<int>(DocumentError::too_old); ++code) {
        const auto refusal = static_cast<DocumentError>(code);
        EXPECT_FALSE(name_of(refusal).empty());
        EXPECT_FALSE(name_of(check_of(refusal)).empty());
        EXPECT_FALSE(make_error_code(refusal).message().empty());
    }
}

TEST(TrustRoot, AwsRootIsTheOneOfItsFingerprint) {
    EXPECT_EQ(to_hex(TrustRoot::aws().certificate().fingerprint()), aws_root_fingerprint);
    EXPECT_EQ(TrustRoot::aws().name(), "aws");
}

}  // namespace
}  // namespace glovebox::nsm
