// SPDX-License-Identifier: Apache-2.0

#include "sim/up/kms_refusals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

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
        return "KMS refused " + operation + " by a: Denied";
    }

    TemporaryDirectory folder_;
    std::string trace_ = (fs::path(folder_.path()) / "trace.jsonl").string();
};

TEST_F(KmsRefusalsTest, AreThoseSinceTheBegin) {
    refuse("Encrypt");
    const KmsRefusals refusals(trace_);
    EXPECT_THAT(refusals.finish(""), IsEmpty());
    refuse("Decrypt");
    EXPECT_THAT(refusals.finish(""), ElementsAre(line("Decrypt")));
}

TEST_F(KmsRefusalsTest, AreFoundThoughTheTraceBeganAnew) {
    refuse("Encrypt");
    const KmsRefusals refusals(trace_);
    refuse("Decrypt");
    begin_anew();
    refuse("Sign");
    EXPECT_THAT(refusals.finish(""), ElementsAre(line("Decrypt"), line("Sign")));
}

TEST_F(KmsRefusalsTest, OfAnEarlierFormerFileAreNotTheirs) {
    refuse("Encrypt");
    begin_anew();
    const KmsRefusals refusals(trace_);
    refuse("Decrypt");
    EXPECT_THAT(refusals.finish(""), ElementsAre(line("Decrypt")));
}

}  // namespace
}  // namespace glovebox::up
