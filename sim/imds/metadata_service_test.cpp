// SPDX-License-Identifier: Apache-2.0

#include "sim/imds/metadata_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

namespace glovebox::imds {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
namespace json = boost::json;

const std::string role_arn = "arn:aws:iam::111122223333:role/parent";

class MetadataServiceTest : public ::testing::Test {
  protected:
    MetadataService& service(MetadataSettings settings = {}) {
        if (settings.instance.role_arn.empty())
            settings.instance.role_arn = role_arn;
        service_.emplace(std::move(settings), issuer_, clock_, random_, null_log());
        return *service_;
    }
    http::Response ask(std::string method, std::string target,
                       std::vector<http::Header> headers = {}) {
        http::Request request;
        request.method = std::move(method);
        request.target = std::move(target);
        request.headers = std::move(headers);
        return service_->handle(request);
    }
    std::string token(const std::string& ttl = "60") {
        return ask("PUT", "/latest/api/token", {{"X-aws-ec2-metadata-token-ttl-seconds", ttl}})
            .body;
    }
    http::Response get(const std::string& item, const std::string& with_token = "") {
        std::vector<http::Header> headers;
        if (!with_token.empty())
            headers.push_back({"X-aws-ec2-metadata-token", with_token});
        return ask("GET", "/latest/meta-data/" + item, headers);
    }

    SystemRandom random_;
    ManualClock clock_{parse_time("2026-03-04T05:06:07Z").value()};
    iam::SessionIssuer issuer_{Bytes(iam::SessionIssuer::key_bytes, 7)};
    std::optional<MetadataService> service_;
};

TEST_F(MetadataServiceTest, VersionOneListsFoldersAndGivesItems) {
    service();
    EXPECT_EQ(get("instance-id").body, "i-0123456789abcdef0");
    EXPECT_EQ(get("placement/").body, "availability-zone\nregion");
    EXPECT_EQ(get("placement").body, "availability-zone\nregion");
    EXPECT_EQ(get("placement/availability-zone/").body, "us-east-1a");
    EXPECT_THAT(get("").body, HasSubstr("\niam/\n"));
    EXPECT_EQ(ask("GET", "/latest").body, "dynamic/\nmeta-data/");
    EXPECT_EQ(ask("GET", "/2021-03-23/meta-data/instance-id").body, "i-0123456789abcdef0");
    EXPECT_EQ(get("nothing").status, 404U);
    EXPECT_EQ(ask("GET", "/nonsense/meta-data/").status, 404U);
    EXPECT_EQ(ask("GET", "/latest/user-data").status, 404U);
    EXPECT_EQ(get("instance-id").header("Content-Type"), "text/plain");
}

// Go's SDK fails when the answer does not repeat the time to live.
TEST_F(MetadataServiceTest, ATokenRepeatsItsTimeToLiveAndEndsThen) {
    service({.instance = {}, .tokens_required = true});
    const auto made =
        ask("PUT", "/latest/api/token", {{"x-aws-ec2-metadata-token-ttl-seconds", "60"}});
    EXPECT_EQ(made.status, 200U);
    EXPECT_EQ(made.header("X-Aws-Ec2-Metadata-Token-Ttl-Seconds"), "60");
    EXPECT_EQ(get("instance-id", made.body).status, 200U);
    clock_.advance(59s);
    EXPECT_EQ(get("instance-id", made.body).status, 200U);
    clock_.advance(1s);
    EXPECT_EQ(get("instance-id", made.body).status, 401U);
}

TEST_F(MetadataServiceTest, WithoutATokenItIsUnauthorizedWhereTokensAreRequired) {
    service({.instance = {}, .tokens_required = true});
    EXPECT_EQ(get("instance-id").status, 401U);
    EXPECT_EQ(get("instance-id", "made up").status, 401U);
}

TEST_F(MetadataServiceTest, AWrongTokenIsRefusedWhereNoneIsNeeded) {
    service();
    EXPECT_EQ(get("instance-id", "made up").status, 401U);
}

TEST_F(MetadataServiceTest, WhatItDoesNotEmulateIsNotFound) {
    service();
    for (const char* item : {"spot/instance-action", "spot/termination-time", "ipv6",
                             "events/maintenance/scheduled", "events/recommendations/rebalance"})
        EXPECT_EQ(get(item).status, 404U) << item;
    for (const char* item : {"pkcs7", "signature", "rsa2048"})
        EXPECT_EQ(ask("GET", std::string("/latest/dynamic/instance-identity/") + item).status, 404U)
            << item;
    EXPECT_EQ(ask("GET", "/latest/dynamic/instance-identity/document").status, 200U);
}

TEST_F(MetadataServiceTest, TokensAreRefusedAsAwsRefusesThem) {
    service();
    const auto put = [&](std::string target, std::vector<http::Header> headers) {
        return ask("PUT", std::move(target), std::move(headers)).status;
    };
    for (const char* ttl : {"0", "21601", "-1", "x", "", "60s"})
        EXPECT_EQ(put("/latest/api/token", {{"X-aws-ec2-metadata-token-ttl-seconds", ttl}}), 400U)
            << ttl;
    EXPECT_EQ(put("/latest/api/token", {}), 400U);
    const http::Header good{"X-aws-ec2-metadata-token-ttl-seconds", "21600"};
    EXPECT_EQ(put("/2021-03-23/api/token", {good}), 403U);
    EXPECT_EQ(put("/latest/api/token", {good, {"X-Forwarded-For", "10.0.0.1"}}), 403U);
    EXPECT_EQ(ask("POST", "/latest/meta-data/").status, 405U);
}

TEST_F(MetadataServiceTest, TheRolesCredentialsAreTheIssuersAndAreRenewedBeforeTheyEnd) {
    service({.instance = {}, .credential_lifetime = 1h});
    EXPECT_EQ(get("iam/security-credentials/").body, "parent");
    const auto read = [&] {
        return json::parse(get("iam/security-credentials/parent", token()).body).as_object();
    };
    const json::object first = read();
    EXPECT_EQ(first.at("Code"), "Success");
    EXPECT_EQ(first.at("Expiration"), "2026-03-04T06:06:07Z");
    const auto credential = issuer_
                                .redeem(std::string_view(first.at("Token").as_string()),
                                        std::string_view(first.at("AccessKeyId").as_string()))
                                .value();
    EXPECT_EQ(credential.secret_access_key, first.at("SecretAccessKey").as_string());
    EXPECT_EQ(credential.principal.arn,
              "arn:aws:sts::111122223333:assumed-role/parent/i-0123456789abcdef0");
    clock_.advance(54min);
    EXPECT_EQ(read(), first);
    clock_.advance(1min);
    EXPECT_EQ(read().at("Expiration"), "2026-03-04T07:01:07Z");
}

TEST_F(MetadataServiceTest, CredentialsKnowTheVersionThatDeliveredThem) {
    service();
    const auto delivery = [&](const std::string& session) {
        const json::object read =
            json::parse(get("iam/security-credentials/parent", session).body).as_object();
        return issuer_
            .redeem(std::string_view(read.at("Token").as_string()),
                    std::string_view(read.at("AccessKeyId").as_string()))
            .value()
            .principal.delivery.value();
    };
    EXPECT_EQ(delivery(token()).imds_version, "2.0");
    EXPECT_EQ(delivery("").imds_version, "1.0");
    EXPECT_EQ(delivery(token()).issued, clock_.now());
}

TEST_F(MetadataServiceTest, WithoutARoleThereIsNoIam) {
    MetadataSettings settings;
    service_.emplace(settings, issuer_, clock_, random_, null_log());
    EXPECT_EQ(get("iam/").status, 404U);
    EXPECT_EQ(get("iam/security-credentials/").status, 404U);
}

TEST_F(MetadataServiceTest, TheIdentityDocumentSaysWhatItDoesNotHave) {
    service();
    const json::object document =
        json::parse(ask("GET", "/latest/dynamic/instance-identity/document").body).as_object();
    EXPECT_EQ(document.at("region"), "us-east-1");
    EXPECT_TRUE(document.at("kernelId").is_null());
    EXPECT_EQ(document.size(), 15U);
}

TEST_F(MetadataServiceTest, ManyTokensTakeNobodyElsesAway) {
    service();
    const std::string first = token("60");
    for (int i = 0; i < 5000; ++i)
        (void)token("21600");
    EXPECT_EQ(get("instance-id", first).status, 200U);
    EXPECT_EQ(get("instance-id", token()).status, 200U);
}

}  // namespace
}  // namespace glovebox::imds
