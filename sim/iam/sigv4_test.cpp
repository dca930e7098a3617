// SPDX-License-Identifier: Apache-2.0

#include "sim/iam/sigv4.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/ascii.h"

namespace glovebox::iam {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
using namespace std::chrono_literals;

const TimePoint august = parse_time("2015-08-30T12:36:00Z").value();
constexpr auto secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

Credential example() {
    Credential credential;
    credential.access_key_id = "AKIDEXAMPLE";
    credential.secret_access_key = secret;
    credential.principal = parse_principal("arn:aws:iam::111122223333:user/example").value();
    return credential;
}

CredentialStore store_of(Credential credential) {
    CredentialStore store;
    store.add(std::move(credential));
    return store;
}

std::string signature_in(const http::Request& request) {
    const std::string header(request.header("Authorization").value());
    return header.substr(header.find("Signature=") + 10);
}

// The example of AWS's manual, "Signing AWS API requests": its canonical request's hash and its
// signature are printed there.
TEST(Sigv4, TheExampleOfAwssManualHasItsSignature) {
    http::Request request{"GET", "/?Version=2010-05-08&Action=ListUsers", {}, {}, {}, {}, {}, {}};
    request.headers = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"},
                       {"Host", "iam.amazonaws.com"}};
    sign(request, example(), {"us-east-1", "iam"}, august);
    EXPECT_EQ(signature_in(request),
              "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");
}

struct SuiteCase {
    std::string_view name;
    http::Request request;
    std::string_view signature;
};

// Cases of AWS's published test suite (aws-sig-v4-test-suite), by their names there: all are of
// service "service" in us-east-1.
TEST(Sigv4, CasesOfAwssTestSuiteHaveTheirSignatures) {
    const http::Header host{"Host", "example.amazonaws.com"};
    const auto request = [&](std::string method, std::string target,
                             std::vector<http::Header> headers = {}, std::string body = {}) {
        headers.insert(headers.begin(), host);
        return http::Request{std::move(method),
                             std::move(target),
                             std::move(headers),
                             std::move(body),
                             {},
                             {},
                             {},
                             {}};
    };
    const SuiteCase cases[] = {
        {"get-vanilla", request("GET", "/"),
         "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
        {"get-vanilla-query-order-key-case", request("GET", "/?Param2=value2&Param1=value1"),
         "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
        {"get-header-value-trim",
         request("GET", "/", {{"My-Header1", " value1"}, {"My-Header2", " \"a   b   c\""}}),
         "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
        {"post-vanilla", request("POST", "/"),
         "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
        {"post-x-www-form-urlencoded",
         request("POST", "/", {{"Content-Type", "application/x-www-form-urlencoded"}},
                 "Param1=value1"),
         "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"},
    };
    for (SuiteCase one : cases) {
        sign(one.request, example(), {"us-east-1", "service"}, august);
        EXPECT_EQ(signature_in(one.request), one.signature) << one.name;
    }
}

http::Request kms_request() {
    http::Request request{"POST", "/", {}, R"({"KeyId":"alias/x"})", {}, {}, {}, {}};
    request.headers = {{"Host", "127.0.0.1:4599"},
                       {"Content-Type", "application/x-amz-json-1.1"},
                       {"X-Amz-Target", "TrentService.DescribeKey"}};
    return request;
}

const SigningScope kms_scope{"us-east-1", "kms"};

AuthenticationFailure failure_of(const http::Request& request, TimePoint now = august,
                                 const CredentialStore& store = store_of(example())) {
    const auto outcome = authenticate(request, store, kms_scope, now);
    const auto* failure = std::get_if<AuthenticationFailure>(&outcome);
    return failure == nullptr ? AuthenticationFailure{"authenticated", "", ""} : *failure;
}

TEST(Sigv4, WhatIsSignedIsAuthenticated) {
    http::Request request = kms_request();
    sign(request, example(), kms_scope, august);
    const auto outcome = authenticate(request, store_of(example()), kms_scope, august);
    ASSERT_TRUE(std::holds_alternative<Credential>(outcome));
    EXPECT_EQ(std::get<Credential>(outcome).principal.arn,
              "arn:aws:iam::111122223333:user/example");
}

TEST(Sigv4, AnyChangeOfBodyHeaderOrPathIsInvalidSignature) {
    http::Request request = kms_request();
    sign(request, example(), kms_scope, august);
    auto body = request;
    body.body += ' ';
    auto header = request;
    header.headers[2].value = "TrentService.Decrypt";
    auto target = request;
    target.target = "/?x=1";
    auto method = request;
    method.method = "PUT";
    auto lost = request;
    lost.headers.erase(lost.headers.begin() + 1);
    for (const auto& changed : {body, header, target, method, lost}) {
        const auto failure = failure_of(changed);
        EXPECT_EQ(failure.exception, "InvalidSignatureException");
        EXPECT_THAT(failure.message,
                    StartsWith("The request signature we calculated does not match"));
    }
    EXPECT_THAT(failure_of(lost).explanation,
                HasSubstr("the signed header content-type did not arrive"));
}

TEST(Sigv4, AnUnsignedHeaderMayChangeOnTheWay) {
    http::Request request = kms_request();
    sign(request, example(), kms_scope, august);
    request.headers.push_back({"X-Forwarded-For", "192.0.2.1"});
    EXPECT_EQ(failure_of(request).exception, "authenticated");
}

TEST(Sigv4, AnotherSecretIsInvalidSignatureAndAnUnknownIdIsUnrecognizedClient) {
    http::Request request = kms_request();
    sign(request, example(), kms_scope, august);
    auto other = example();
    other.secret_access_key = "another";
    EXPECT_EQ(failure_of(request, august, store_of(other)).exception, "InvalidSignatureException");
    const auto unknown = failure_of(request, august, CredentialStore());
    EXPECT_EQ(unknown.exception, "UnrecognizedClientException");
    EXPECT_EQ(unknown.message, "The security token included in the request is invalid.");
}

TEST(Sigv4, TheClockMayBeFiveMinutesOffEitherWay) {
    http::Request request = kms_request();
    sign(request, example(), kms_scope, august);
    EXPECT_EQ(failure_of(request, august + 5min).exception, "authenticated");
    EXPECT_EQ(failure_of(request, august - 5min).exception, "authenticated");
    EXPECT_EQ(failure_of(request, august + 5min + 1s).message,
              "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z "
              "(20150830T124101Z - 5 min.)");
    EXPECT_EQ(failure_of(request, august - 6min).message,
              "Signature not yet current: 20150830T123600Z is still later than 20150830T123500Z "
              "(20150830T123000Z + 5 min.)");
    EXPECT_THAT(failure_of(request, august + 61min).explanation,
                HasSubstr("was signed 61 min ago"));
}

TEST(Sigv4, ScopesOfAnotherRegionServiceOrDayAreNamed) {
    const auto signed_for = [](const SigningScope& scope) {
        http::Request request = kms_request();
        sign(request, example(), scope, august);
        return request;
    };
    EXPECT_THAT(failure_of(signed_for({"eu-west-1", "kms"})).message,
                HasSubstr("valid region, not 'eu-west-1'"));
    EXPECT_EQ(failure_of(signed_for({"us-east-1", "s3"})).message,
              "Credential should be scoped to correct service: 'kms'. ");
    http::Request request = signed_for(kms_scope);
    std::string& authorization = request.headers.back().value;
    authorization.replace(authorization.find("20150830"), 8, "20150829");
    EXPECT_THAT(failure_of(request).message,
                StartsWith("Date in Credential scope does not match YYYYMMDD"));
    authorization.replace(authorization.find("20150829"), 8, "20150830");
    authorization.replace(authorization.find("aws4_request"), 12, "aws5_request");
    EXPECT_THAT(failure_of(request).message, HasSubstr("valid terminator: 'aws4_request'"));
}

TEST(Sigv4, WhatIsNoAuthorizationHeaderSaysWhy) {
    http::Request request = kms_request();
    EXPECT_EQ(failure_of(request).exception, "MissingAuthenticationTokenException");
    const auto with = [&](std::string value) {
        auto changed = request;
        changed.headers.push_back({"X-Amz-Date", "20150830T123600Z"});
        changed.headers.push_back({"Authorization", std::move(value)});
        return failure_of(changed);
    };
    EXPECT_EQ(with("Bearer x").exception, "IncompleteSignatureException");
    EXPECT_EQ(with("AWS4-HMAC-SHA256 Credential").message,
              "'Credential' not a valid key=value pair (missing equal-sign) in Authorization "
              "header: 'AWS4-HMAC-SHA256 Credential'.");
    EXPECT_THAT(with("AWS4-HMAC-SHA256 Credential=a/b/c/d/e").message,
                HasSubstr("requires 'Signature' parameter"));
    EXPECT_THAT(with("AWS4-HMAC-SHA256 Credential=a/b/c,SignedHeaders=host,Signature=0").message,
                HasSubstr("exactly 5 slash-delimited elements"));
    EXPECT_EQ(with("").exception, "IncompleteSignatureException");
}

TEST(Sigv4, ARequestWithoutADateIsIncomplete) {
    http::Request request = kms_request();
    sign(request, example(), kms_scope, august);
    std::erase_if(request.headers, [](const auto& header) { return header.name == "X-Amz-Date"; });
    EXPECT_EQ(failure_of(request).exception, "IncompleteSignatureException");
    request.headers.push_back({"Date", "Sun, 30 Aug 2015 12:36:00 GMT"});
    EXPECT_EQ(failure_of(request).exception, "InvalidSignatureException")
        << "the Date is read, and X-Amz-Date is missed as a signed header";
}

TEST(Sigv4, TheHostMustBeSigned) {
    http::Request request = kms_request();
    request.headers.erase(request.headers.begin());
    sign(request, example(), kms_scope, august);
    EXPECT_THAT(failure_of(request).message, HasSubstr("must be a 'SignedHeader'"));
}

// Signs `request` without the headers that `left_out` names, and sends it with them.
http::Request signed_without(http::Request request, std::string_view left_out,
                             const Credential& credential) {
    std::vector<http::Header> later;
    std::erase_if(request.headers, [&](const http::Header& header) {
        const bool is_left_out = equals_ignoring_case(header.name, left_out);
        if (is_left_out)
            later.push_back(header);
        return is_left_out;
    });
    sign(request, credential, kms_scope, august);
    request.headers.insert(request.headers.end(), later.begin(), later.end());
    return request;
}

TEST(Sigv4, EveryAmzHeaderThatARequestHasMustBeSigned) {
    for (const char* name : {"X-Amz-Target", "x-amz-user-agent", "X-AMZ-Content-Sha256"}) {
        http::Request request = kms_request();
        std::erase_if(request.headers,
                      [&](const auto& header) { return equals_ignoring_case(header.name, name); });
        request.headers.push_back({name, "TrentService.ListKeys"});
        const auto failure = failure_of(signed_without(request, name, example()));
        EXPECT_EQ(failure.exception, "InvalidSignatureException") << name;
        EXPECT_THAT(failure.message,
                    testing::EndsWith("must be a 'SignedHeader' in the AWS Authorization."));
        EXPECT_THAT(failure.explanation, HasSubstr("which its signature does not cover"));
    }
    EXPECT_EQ(failure_of(signed_without(kms_request(), "x-amz-target", example())).message,
              "'x-amz-target' must be a 'SignedHeader' in the AWS Authorization.");
    // What the SDKs leave out: botocore, JavaScript's, aws-c-auth.
    for (const char* name : {"Content-Type", "User-Agent", "X-Amzn-Trace-Id", "Connection"}) {
        http::Request request = kms_request();
        request.headers.push_back({name, "x"});
        EXPECT_EQ(failure_of(signed_without(request, name, example())).exception, "authenticated")
            << name;
    }
}

TEST(Sigv4, AnUnsignedDateIsRefusedThoughTheSignatureKnowsIt) {
    http::Request request = kms_request();
    sign(request, example(), kms_scope, august);
    std::string& authorization = request.headers.back().value;
    authorization.replace(authorization.find("x-amz-date;"), 11, "");
    EXPECT_EQ(failure_of(request).message,
              "'x-amz-date' must be a 'SignedHeader' in the AWS Authorization.");
}

TEST(Sigv4, SignedHeadersAreNamedInAnyCase) {
    http::Request request = kms_request();
    sign(request, example(), kms_scope, august);
    std::string& authorization = request.headers.back().value;
    authorization.replace(authorization.find("host;x-amz-date"), 15, "Host;X-Amz-Date");
    EXPECT_EQ(failure_of(request).exception, "authenticated");
}

// AWS's test suite has both, post-sts-header-before and post-sts-header-after.
TEST(Sigv4, ASessionsTokenMayBeAddedAfterSigning) {
    SeededRandom random(3);
    const SessionIssuer issuer(Bytes(32, 1));
    const auto issue = [&](const char* name) {
        return issuer
            .issue("arn:aws:iam::111122223333:role/parent", name, {august, "2.0"}, 1h, random)
            .value();
    };
    const Credential session = issue("i-1");
    const CredentialStore store{issuer};
    Credential without = session;
    without.session_token.clear();
    http::Request request = kms_request();
    sign(request, without, kms_scope, august);
    request.headers.push_back({"X-Amz-Security-Token", session.session_token});
    EXPECT_EQ(failure_of(request, august, store).exception, "authenticated");
    request.headers.back().value = issue("i-2").session_token;
    EXPECT_NE(failure_of(request, august, store).exception, "authenticated");
}

TEST(Sigv4, ASessionsTokenIsCheckedAndExpires) {
    SeededRandom random(3);
    const SessionIssuer issuer(Bytes(32, 1));
    const auto session =
        issuer.issue("arn:aws:iam::111122223333:role/parent", "i-1", {august, "2.0"}, 1h, random)
            .value();
    const CredentialStore store{issuer};
    http::Request request = kms_request();
    sign(request, session, kms_scope, august);
    EXPECT_EQ(failure_of(request, august, store).exception, "authenticated");

    http::Request late = kms_request();
    sign(late, session, kms_scope, august + 1h);
    const auto expired = failure_of(late, august + 1h, store);
    EXPECT_EQ(expired.exception, "ExpiredTokenException");
    EXPECT_EQ(expired.message, "The security token included in the request is expired");

    auto without = session;
    without.session_token.clear();
    http::Request bare = kms_request();
    sign(bare, without, kms_scope, august);
    EXPECT_EQ(failure_of(bare, august, store).exception, "UnrecognizedClientException");
}

}  // namespace
}  // namespace glovebox::iam
