// SPDX-License-Identifier: Apache-2.0

#include "sim/tls/world_ca.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "core/base/testing/temporary_directory.h"
#include "core/crypto/openssl.h"
#include "nsm-mock/pki/certificate_profile.h"

namespace glovebox::tls {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const TimePoint now = parse_time("2026-03-04T05:06:07Z").value();
constexpr const char* kms = "kms.us-east-1.amazonaws.com";

class WorldCaTest : public ::testing::Test {
  protected:
    WorldCa open(std::vector<std::string> hosts, TimePoint time = now) {
        return WorldCa::open(path_ + "/tls", std::move(hosts), time, random_).value();
    }

    // OpenSSL's word on whether `identity` may serve `host` for those who trust `ca`.
    static int verify(const std::string& ca, const std::string& identity, const char* host,
                      TimePoint time = now) {
        const auto root = nsm::Certificate::from_pem(ca).value();
        const auto leaf = nsm::Certificate::from_pem(identity).value();
        const StorePtr store(X509_STORE_new());
        X509_STORE_add_cert(store.get(), root.get());
        const StoreCtxPtr context(X509_STORE_CTX_new());
        X509_STORE_CTX_init(context.get(), store.get(), leaf.get(), nullptr);
        X509_VERIFY_PARAM* parameters = X509_STORE_CTX_get0_param(context.get());
        X509_VERIFY_PARAM_set1_host(parameters, host, 0);
        X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_SSL_SERVER);
        X509_VERIFY_PARAM_set_time(
            parameters, std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count());
        return X509_verify_cert(context.get()) == 1 ? X509_V_OK
                                                    : X509_STORE_CTX_get_error(context.get());
    }

    TemporaryDirectory temporary_;
    std::string path_ = temporary_.path();
    SystemRandom random_;
};

TEST_F(WorldCaTest, IssuesForTheHostsThatItMayAndNoOthers) {
    const WorldCa ca = open({kms, "localhost"});
    const auto identity = ca.issue({kms}, now, random_).value();
    EXPECT_EQ(verify(ca.certificate_pem(), identity.certificate_chain, kms), X509_V_OK);
    EXPECT_EQ(verify(ca.certificate_pem(), identity.certificate_chain, "localhost"),
              X509_V_ERR_HOSTNAME_MISMATCH);
    EXPECT_THAT(ca.issue({"example.com"}, now, random_).error().message,
                HasSubstr("permits no certificate for example.com"));
}

// Whoever steals ca.key can't do harm with it beyond the world's own hosts.
TEST_F(WorldCaTest, AForeignHostSignedWithItsKeyIsNotBelieved) {
    const WorldCa ca = open({kms});
    std::ifstream file(path_ + "/tls/ca.key");
    const std::string pem{std::istreambuf_iterator<char>(file), {}};
    const auto key = nsm::SigningKey::from_pem(pem).value();
    const auto authority = nsm::Certificate::from_pem(ca.certificate_pem()).value();
    for (const char* name : {"DNS:example.com", "IP:127.0.0.1", "IP:0:0:0:0:0:0:0:1"}) {
        const nsm::Certificate forged = nsm::issue_certificate(
            {Bytes{1},
             {{NID_organizationName, "x"}},
             std::chrono::floor<std::chrono::seconds>(now),
             std::chrono::floor<std::chrono::seconds>(now) + std::chrono::hours(1),
             {{NID_ext_key_usage, "serverAuth"}, {NID_subject_alt_name, name}}},
            key, key, &authority);
        const int verdict = verify(ca.certificate_pem(), forged.to_pem(), nullptr);
        EXPECT_TRUE(verdict == X509_V_ERR_PERMITTED_VIOLATION ||
                    verdict == X509_V_ERR_EXCLUDED_VIOLATION)
            << name << ": " << X509_verify_cert_error_string(verdict);
    }
}

TEST_F(WorldCaTest, StaysTheSameUntilItGetsANewHost) {
    const WorldCa first = open({kms});
    EXPECT_EQ(open({kms}).certificate_pem(), first.certificate_pem());
    EXPECT_EQ(open({}).certificate_pem(), first.certificate_pem());
    const auto issued_before = first.issue({kms}, now, random_).value();
    const WorldCa wider = open({"Example.COM"});
    EXPECT_NE(wider.certificate_pem(), first.certificate_pem());
    EXPECT_THAT(wider.hosts(), ElementsAre("example.com", kms));
    EXPECT_EQ(verify(wider.certificate_pem(), issued_before.certificate_chain, kms), X509_V_OK);
}

TEST_F(WorldCaTest, OneThatIsAboutToEndIsRenewed) {
    const WorldCa old = open({kms});
    const TimePoint later = now + std::chrono::days(3600);
    const WorldCa renewed = open({kms}, later);
    const auto identity = renewed.issue({kms}, later, random_).value();
    EXPECT_NE(renewed.certificate_pem(), old.certificate_pem());
    EXPECT_EQ(verify(renewed.certificate_pem(), identity.certificate_chain, kms,
                     later + std::chrono::days(360)),
              X509_V_OK);
}

TEST_F(WorldCaTest, ItsKeyIsPrivate) {
    open({kms});
    struct stat status {};
    ASSERT_EQ(::stat((path_ + "/tls/ca.key").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600U);
}

TEST_F(WorldCaTest, WhatIsNoDnsNameIsRefused) {
    for (const char* name : {"", "127.0.0.1", "*.example.com", "a..b", "-a.b", "a,DNS:b", "a b"}) {
        EXPECT_FALSE(is_dns_name(name)) << name;
        EXPECT_FALSE(WorldCa::open(path_ + "/tls", {name}, now, random_)) << name;
    }
    EXPECT_FALSE(WorldCa::open(path_ + "/tls", {}, now, random_));
}

}  // namespace
}  // namespace glovebox::tls
