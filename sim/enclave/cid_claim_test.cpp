// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/cid_claim.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "core/base/testing/temporary_directory.h"

namespace glovebox::enclave {
namespace {

class CidClaimTest : public ::testing::Test {
  protected:
    CidClaimTest()
        : world_(::open(directory_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {}
    Result<CidClaim> claim(std::optional<core::Cid> wanted = std::nullopt) {
        return CidClaim::make(world_.get(), wanted);
    }

    TemporaryDirectory directory_;
    UniqueFd world_;
};

TEST_F(CidClaimTest, TheFirstFreeOneFromSixteenUpIsGiven) {
    const auto first = claim();
    auto second = claim();
    const auto third = claim();
    ASSERT_TRUE(first && second && third);
    EXPECT_EQ(first->cid(), 16u);
    EXPECT_EQ(second->cid(), 17u);
    EXPECT_EQ(third->cid(), 18u);
    { const CidClaim ended = std::move(*second); }
    EXPECT_EQ(claim()->cid(), 17u);
}

TEST(CidClaim, ADirectoryThatCanNotBeWrittenIsNamedWithTheWayOut) {
    // The kernel lets nobody make a file there, root neither.
    const UniqueFd directory(::open("/sys", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    ASSERT_TRUE(directory);
    const auto claim = CidClaim::make(directory.get(), std::nullopt);
    ASSERT_FALSE(claim);
    EXPECT_THAT(claim.error().message,
                ::testing::StartsWith("cannot claim a CID: /sys/16.enclave: "));
    EXPECT_THAT(claim.error().message, ::testing::HasSubstr("another world with --world"));
}

TEST_F(CidClaimTest, OneThatIsTakenIsRefusedWithItsHolder) {
    const auto held = claim(20);
    const auto again = claim(20);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code.value(), EADDRINUSE);
    EXPECT_NE(again.error().message.find("process " + std::to_string(::getpid())),
              std::string::npos);
}

TEST_F(CidClaimTest, WhatNoEnclaveCanHaveIsRefused) {
    for (const core::Cid cid : {0u, 1u, 2u, 3u, core::cid_any})
        EXPECT_EQ(claim(cid).error().code.value(), EINVAL) << cid;
    EXPECT_TRUE(claim(4));
}

TEST_F(CidClaimTest, LeavesNothingBehindAndTakesOverWhatWasLeft) {
    { const auto held = claim(); }
    EXPECT_TRUE(std::filesystem::is_empty(directory_.path()));
    const UniqueFd left(::openat(world_.get(), "16.enclave", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    EXPECT_EQ(claim()->cid(), 16u);
}

}  // namespace
}  // namespace glovebox::enclave
