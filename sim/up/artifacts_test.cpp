// SPDX-License-Identifier: Apache-2.0

#include "sim/up/artifacts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <sstream>
#include <string>
#include <utility>

#include "core/base/testing/temporary_directory.h"

namespace glovebox::up {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

std::function<std::optional<std::string>()> once(std::string text) {
    return [piece = std::optional(std::move(text))]() mutable {
        return std::exchange(piece, std::nullopt);
    };
}

class ArtifactsTest : public testing::Test {
  protected:
    ArtifactsTest() {
        EnclavePart part;
        part.name = "../../an enclave";
        part.label = "label";
        part.cid = 16;
        world_.enclaves.push_back(part);
    }
    [[nodiscard]] std::string content(const std::string& name) const {
        std::ostringstream text;
        text << std::ifstream(folder_ / name).rdbuf();
        return text.str();
    }

    TemporaryDirectory directory_;
    fs::path folder_ = fs::path(directory_.path()) / "a" / "b";
    WorldFile world_;
};

TEST_F(ArtifactsTest, ConsolesStayInTheirFolder) {
    auto artifacts = Artifacts::open(folder_.string(), world_);
    ASSERT_TRUE(artifacts) << artifacts.error().message;
    artifacts->take(entry_of_output("label", "hello \x1b[31m"));
    artifacts->take(entry_of_output("another", "no enclave"));
    artifacts->take(own_entry(LogLevel::info, "ready", "label is ready", "label"));
    EXPECT_TRUE(artifacts->finish({}, "{}", once("<html>")));
    EXPECT_EQ(content("consoles/16-______an_enclave.log"), "hello \\x1b[31m\n");
    EXPECT_THAT(content("timeline.jsonl"), HasSubstr(R"("message":"label is ready")"));
    EXPECT_EQ(content("run.json") + content("run.html"), "{}\n<html>");
    EXPECT_FALSE(fs::exists(folder_ / "explanations.txt"));
    EXPECT_FALSE(fs::exists(folder_ / "kms-trace.jsonl"));
}

TEST_F(ArtifactsTest, ReplaceThoseOfAnEarlierRun) {
    for (int run = 0; run < 2; ++run) {
        auto artifacts = Artifacts::open(folder_.string(), world_);
        ASSERT_TRUE(artifacts) << artifacts.error().message;
        artifacts->take(entry_of_output("label", std::to_string(run)));
        KmsRecord kms;
        kms.trace = "{\"one\":1}\n{\"two\":2}\n";
        kms.explanations = {"because\n", "of\n"};
        EXPECT_TRUE(artifacts->finish(kms, "{}", once("<html>")));
    }
    EXPECT_EQ(content("consoles/16-______an_enclave.log"), "1\n");
    EXPECT_EQ(content("kms-trace.jsonl"), "{\"one\":1}\n{\"two\":2}\n");
    EXPECT_EQ(content("explanations.txt"), "because\n\nof\n\n");
}

TEST_F(ArtifactsTest, AFolderThatCannotBeMadeIsNamed) {
    std::ofstream(folder_.parent_path()) << "a file";
    const auto artifacts = Artifacts::open(folder_.string(), world_);
    ASSERT_FALSE(artifacts);
    EXPECT_THAT(artifacts.error().message,
                HasSubstr("--artifacts: cannot create " + folder_.string()));
}

}  // namespace
}  // namespace glovebox::up
