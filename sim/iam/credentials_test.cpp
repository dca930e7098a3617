// SPDX-License-Identifier: Apache-2.0

#include "sim/iam/credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "core/base/base64.h"
#include "core/base/testing/temporary_directory.h"

namespace glovebox::iam {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

constexpr auto role = "arn:aws:iam::111122223333:role/parent";
const TimePoint now = parse_time("2026-01-02T03:04:05Z").value();

TEST(SessionIssuer, WhatItIssuesItRedeems) {
    SeededRandom random(1);
    const SessionIssuer issuer(Bytes(32, 7));
    const auto issued = issuer.issue(role, "i-0123", {now, "2.0"}, 1h, random).value();
    EXPECT_TRUE(issued.access_key_id.starts_with("ASIA"));
    EXPECT_EQ(issued.access_key_id.size(), 20u);
    EXPECT_EQ(issued.secret_access_key.size(), 40u);
    const auto redeemed = issuer.redeem(issued.session_token, issued.access_key_id).value();
    EXPECT_EQ(redeemed.secret_access_key, issued.secret_access_key);
    EXPECT_EQ(redeemed.principal, issued.principal);
    EXPECT_EQ(redeemed.expiration, now + 1h);
    EXPECT_EQ(redeemed.principal.delivery, (Delivery{now, "2.0"}));
    EXPECT_EQ(redeemed.principal.arn, "arn:aws:sts::111122223333:assumed-role/parent/i-0123");
}

TEST(SessionIssuer, ATokenOfAnotherKeyOrAnotherIdOrChangedIsRefused) {
    SeededRandom random(1);
    const SessionIssuer issuer(Bytes(32, 7));
    const auto issued = issuer.issue(role, "s", {now, "2.0"}, 1h, random).value();
    EXPECT_THAT(SessionIssuer(Bytes(32, 8))
                    .redeem(issued.session_token, issued.access_key_id)
                    .error()
                    .message,
                HasSubstr("another key"));
    EXPECT_THAT(issuer.redeem(issued.session_token, "ASIAOTHER").error().message,
                HasSubstr("belongs to"));
    Bytes token = from_base64(issued.session_token).value();
    for (std::size_t i = 0; i < token.size(); ++i) {
        token[i] ^= 1;
        EXPECT_FALSE(issuer.redeem(to_base64(token), issued.access_key_id)) << "byte " << i;
        token[i] ^= 1;
    }
    for (const auto* bad : {"", "AAAA", "not base64"})
        EXPECT_FALSE(issuer.redeem(bad, issued.access_key_id)) << bad;
}

TEST(SessionIssuer, ProcessesThatOpenOneFileAtOnceShareItsKey) {
    const TemporaryDirectory directory;
    const std::string file = directory / "session.key";
    std::vector<std::string> secrets(8);
    {
        std::vector<std::jthread> threads;
        for (auto& secret : secrets)
            threads.emplace_back([&secret, &file] {
                SystemRandom random;
                const auto issuer = SessionIssuer::open(file, random).value();
                SeededRandom same(1);
                secret = issuer.issue(role, "s", {now, "2.0"}, 1h, same).value().secret_access_key;
            });
    }
    EXPECT_THAT(secrets, testing::Each(secrets.front()));
    struct stat status {};
    ASSERT_EQ(::stat(file.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u);
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory.path()), {}), 1)
        << "nothing is left beside it";
}

TEST(SessionIssuer, AFileOfAnotherLengthIsAnErrorThatNamesIt) {
    const TemporaryDirectory directory;
    const std::string file = directory / "session.key";
    std::ofstream(file) << "short";
    SystemRandom random;
    const auto opened = SessionIssuer::open(file, random);
    ASSERT_FALSE(opened);
    EXPECT_THAT(opened.error().message, HasSubstr(file + " holds 5 bytes"));
}

TEST(CredentialStore, FindsLongTermCredentialsByTheirId) {
    CredentialStore store;
    Credential alice;
    alice.access_key_id = "AKIAALICE";
    alice.secret_access_key = "secret";
    alice.principal = parse_principal("arn:aws:iam::111122223333:user/alice").value();
    store.add(alice);
    EXPECT_EQ(store.find("AKIAALICE", "").value().principal.arn,
              "arn:aws:iam::111122223333:user/alice");
    EXPECT_THAT(store.find("AKIABOB", "").error().message, HasSubstr("nobody here has"));
    EXPECT_THAT(store.find("AKIAALICE", "token").error().message, HasSubstr("is not the one of"));
    EXPECT_THAT(store.find("ASIABOB", "").error().message, HasSubstr("AWS_SESSION_TOKEN"));
}

}  // namespace
}  // namespace glovebox::iam
