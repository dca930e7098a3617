// SPDX-License-Identifier: Apache-2.0

#include "nsm-mock/document/verification_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "core/base/json_reader.h"
#include "nsm-mock/testing/mock_module.h"

namespace glovebox::nsm {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using test::MockModule;
using test::module_time;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class VerificationReport : public testing::Test {
  protected:
    [[nodiscard]] Result<VerifiedDocument> verify(const request::Attestation& fields,
                                                  const Policy& policy) {
        document_ = module_.client.attest(fields).value();
        return verify_document(document_, module_.root, now_, policy);
    }

    [[nodiscard]] static json::object parse(const std::string& text) {
        return read_json(text).value().as_object();
    }

    MockModule module_;
    TimePoint now_ = module_time + 5s;
    Bytes document_;
};

TEST_F(VerificationReport, SaysWhatWasAskedOfAVerifiedDocument) {
    Policy policy;
    policy.pcrs[0].fill(0x10);
    policy.nonce = Bytes{1, 2, 3};
    const auto verified = verify({.nonce = policy.nonce}, policy).value();
    EXPECT_THAT(
        verified_text(verified, policy),
        AllOf(HasSubstr("VERIFIED    with the mock root, CN="),
              HasSubstr("5 s before the time of verification"),
              HasSubstr("mode        production\n"), HasSubstr("nonce       3 bytes: 010203\n"),
              HasSubstr("policy ok (PCR0, nonce)\n")));
    const json::object report = parse(verified_json(verified, policy));
    EXPECT_TRUE(report.at("verified").as_bool());
    EXPECT_EQ(report.at("checks").at("policy"), "passed");
    EXPECT_EQ(report.at("document").at("nonce"), "010203");
    EXPECT_EQ(report.at("chain").as_array().size(), verified.chain().size());
}

TEST_F(VerificationReport, SaysThatNothingWasAsked) {
    const auto verified = verify({}, {}).value();
    EXPECT_THAT(verified_text(verified, {}),
                HasSubstr("policy none given: which enclave it is was not checked"));
    EXPECT_EQ(parse(verified_json(verified, {})).at("checks").at("policy"), "none given");
}

TEST_F(VerificationReport, ALongFieldIsCutForAPersonAndWholeInJson) {
    const Bytes data(200, 0xab);
    const auto verified = verify({.user_data = data}, {}).value();
    EXPECT_THAT(verified_text(verified, {}),
                AllOf(HasSubstr("user_data   200 bytes: abab"), HasSubstr("...\n"),
                      Not(HasSubstr(to_hex(data)))));
    EXPECT_EQ(parse(verified_json(verified, {})).at("document").at("user_data").as_string(),
              to_hex(data));
}

TEST_F(VerificationReport, ARefusalNamesTheCheckAndMarksTheClaims) {
    Policy policy;
    policy.nonce = Bytes{9};
    const auto refused = verify({.nonce = Bytes{1}}, policy);
    ASSERT_FALSE(refused);
    const auto claims = test::claims_of(document_);
    EXPECT_THAT(refused_text(refused.error(), module_.root, now_, claims),
                AllOf(HasSubstr("REFUSED     "), HasSubstr("signature ok, policy FAILED\n"),
                      HasSubstr("says; its chain and signature are valid:\nmodule ")));
    const json::object report =
        parse(refused_json(refused.error(), module_.root, now_, std::nullopt));
    EXPECT_FALSE(report.at("verified").as_bool());
    EXPECT_EQ(report.at("check"), "policy");
    EXPECT_EQ(report.at("message").as_string(), refused.error().message);
    EXPECT_TRUE(report.at("unverified_claims").is_null());
}

TEST_F(VerificationReport, WhatComesAfterTheFailedCheckWasNotReached) {
    document_ = module_.client.attest({}).value();
    document_.back() ^= 1;
    const auto refused = verify_document(document_, module_.root, now_, {});
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused_text(refused.error(), module_.root, now_, test::claims_of(document_)),
                HasSubstr("What the document claims, which is not verified:\nmodule "));
    const json::object report =
        parse(refused_json(refused.error(), module_.root, now_, std::nullopt));
    EXPECT_EQ(report.at("checks").at("chain"), "passed");
    EXPECT_EQ(report.at("checks").at("signature"), "failed");
    EXPECT_EQ(report.at("checks").at("policy"), "not reached");
}

}  // namespace
}  // namespace glovebox::nsm
