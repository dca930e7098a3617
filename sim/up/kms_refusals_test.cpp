// SPDX-License-Identifier: Apache-2.0

#include "sim/up/kms_refusals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/base/testing/temporary_directory.h"

namespace glovebox::up {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;

class KmsRefusalsTest : public testing::Test {
  protected:
    void refuse(const std::string& operation) {
        std::ofstream(trace_, std::ios::app)
            << R"({"operation":")" << operation << R"(","caller":"a","error":"Denied"})" << '\n';
    }
    void begin_anew() { fs::rename(trace_, kms::former_file(trace_)); }
    [[nodiscard]] static std::string line(const std::string& operation) {
        return operation + " by a: Denied";
    }

    TemporaryDirectory folder_;
    std::string trace_ = (fs::path(folder_.path()) / "trace.jsonl").string();
};

TEST_F(KmsRefusalsTest, AreThoseSinceTheBegin) {
    refuse("Encrypt");
    const KmsRefusals refusals(trace_);
    EXPECT_THAT(refusals.read().refused, IsEmpty());
    refuse("Decrypt");
    EXPECT_THAT(refusals.read().refused, ElementsAre(line("Decrypt")));
}

TEST_F(KmsRefusalsTest, AreFoundThoughTheTraceBeganAnew) {
    refuse("Encrypt");
    const KmsRefusals refusals(trace_);
    refuse("Decrypt");
    begin_anew();
    refuse("Sign");
    EXPECT_THAT(refusals.read().refused, ElementsAre(line("Decrypt"), line("Sign")));
}

TEST_F(KmsRefusalsTest, OfAnEarlierFormerFileAreNotTheirs) {
    refuse("Encrypt");
    begin_anew();
    const KmsRefusals refusals(trace_);
    refuse("Decrypt");
    EXPECT_THAT(refusals.read().refused, ElementsAre(line("Decrypt")));
}

TEST_F(KmsRefusalsTest, HaveAnExplanationEachAndTheirNumber) {
    const KmsRefusals refusals(trace_);
    for (int i = 0; i < 12; ++i)
        refuse("Operation" + std::to_string(i));
    const KmsRecord record = refusals.read();
    EXPECT_EQ(record.refused.size(), 10U);
    EXPECT_EQ(record.further_kinds, 2U);
    ASSERT_EQ(record.explanations.size(), 10U);
    EXPECT_THAT(record.explanations[1], testing::HasSubstr("Operation1 by a\nthen      Denied"));
}

}  // namespace
}  // namespace glovebox::up
