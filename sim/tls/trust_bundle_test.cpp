// SPDX-License-Identifier: Apache-2.0

#include "sim/tls/trust_bundle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "core/base/clock.h"
#include "core/base/random_source.h"
#include "core/base/testing/temporary_directory.h"
#include "sim/tls/world_ca.h"

namespace glovebox::tls {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

class TrustBundleTest : public ::testing::Test {
  protected:
    TemporaryDirectory temporary_;
    std::string directory_ = temporary_.path();
};

TEST_F(TrustBundleTest, IsNothingWhereNoAuthorityWasMade) {
    EXPECT_FALSE(TrustBundle::read(directory_).value());
}

TEST_F(TrustBundleTest, SaysWhichFileIsNoCertificate) {
    std::ofstream(directory_ + "/ca.pem") << "nonsense";
    EXPECT_THAT(TrustBundle::read(directory_).error().message,
                HasSubstr(directory_ + "/ca.pem: a certificate in PEM was expected"));
}

TEST_F(TrustBundleTest, HasTheAuthorityAfterTheMachinesOwn) {
    SystemRandom random;
    const WorldCa ca = WorldCa::open(directory_ + "/tls", {"kms.us-east-1.amazonaws.com"},
                                     SystemClock().now(), random)
                           .value();
    const TrustBundle trust = TrustBundle::read(directory_ + "/tls").value().value();
    EXPECT_EQ(trust.certificate_pem, ca.certificate_pem());
    EXPECT_EQ(trust.subject_hash.size(), 8U);
    EXPECT_THAT(trust.with_machines_own(), EndsWith(ca.certificate_pem()));
    const std::string written = trust.write_bundle().value();
    EXPECT_EQ(written, directory_ + "/tls/bundle.pem");
    std::ifstream in(written, std::ios::binary);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), trust.with_machines_own());
}

}  // namespace
}  // namespace glovebox::tls
