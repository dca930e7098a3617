// SPDX-License-Identifier: Apache-2.0

#include "sim/inspect/document_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <chrono>
#include <string>

#include "nsm-mock/testing/mock_module.h"

namespace glovebox::inspect {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class DocumentViewTest : public testing::Test {
  protected:
    [[nodiscard]] boost::json::object view(BytesView file, TimePoint now) const {
        return boost::json::parse(
                   document_view(file, now,
                                 [this]() -> Result<nsm::TrustRoot> { return module_.root; }))
            .as_object();
    }
    [[nodiscard]] Bytes document() { return module_.client.attest({}).value(); }

    nsm::test::MockModule module_;
};

TEST_F(DocumentViewTest, AMockDocumentIsGenuineByTheMockRoot) {
    const auto report = view(document(), nsm::test::module_time + 1min);
    EXPECT_EQ(report.at("verified"), true);
    EXPECT_EQ(report.at("root").at("name"), "mock");
    EXPECT_FALSE(report.contains("judged_at_its_time"));
}

TEST_F(DocumentViewTest, OneWhoseCertificatesAreOverIsJudgedAtItsTime) {
    const auto report = view(document(), nsm::test::module_time + 24h);
    EXPECT_EQ(report.at("verified"), true);
    EXPECT_EQ(report.at("judged_at_its_time"), true);
}

TEST_F(DocumentViewTest, AChangedOneIsRefusedAtAnyTime) {
    Bytes changed = document();
    changed.back() ^= 1;
    for (const std::chrono::minutes later : {1min, 24 * 60min}) {
        const auto report = view(changed, nsm::test::module_time + later);
        EXPECT_EQ(report.at("verified"), false);
        EXPECT_TRUE(report.contains("unverified_claims"));
    }
}

TEST_F(DocumentViewTest, OfAnotherRootIsRefusedByBoth) {
    const nsm::test::MockModule other;
    const std::string report = document_view(
        document(), nsm::test::module_time, [&]() -> Result<nsm::TrustRoot> { return other.root; });
    EXPECT_THAT(report, HasSubstr("untrusted_root"));
}

TEST_F(DocumentViewTest, WhatIsNoDocumentIsSaidToBeNone) {
    const auto report = view(as_bytes("hello"), nsm::test::module_time);
    EXPECT_EQ(report.at("verified"), false);
    EXPECT_FALSE(report.contains("document"));
}

}  // namespace
}  // namespace glovebox::inspect
