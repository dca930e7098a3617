// SPDX-License-Identifier: Apache-2.0

#include "sim/up/annotations.h"

#include <gtest/gtest.h>

#include <vector>

namespace glovebox::up {
namespace {

class Memory final : public Log {
  public:
    void write(const LogLine& line) override { lines.push_back(line.message); }
    [[nodiscard]] bool wants(LogLevel level) const override { return level >= LogLevel::error; }
    std::vector<std::string> lines;
};

std::string written(const std::function<void(Annotations&)>& by, bool is_step = true) {
    testing::internal::CaptureStderr();
    Annotations annotations(is_step);
    by(annotations);
    return testing::internal::GetCapturedStderr();
}

TEST(Annotations, AreWrittenOnceEachAndNoMoreThanAreShown) {
    const std::string text = written([](Annotations& annotations) {
        for (int i = 0; i < 12; ++i)
            for (int twice = 0; twice < 2; ++twice)
                annotations.add(Severity::error, "a,b", std::to_string(i) + "\n::error::");
    });
    std::string expected;
    for (int i = 0; i < 10; ++i)
        expected += "\n::error title=a%2Cb::" + std::to_string(i) + "\\x0a::error::\n";
    EXPECT_EQ(text, expected);
}

TEST(Annotations, GroupsDoNotNest) {
    EXPECT_EQ(written([](Annotations& annotations) {
                  annotations.end_group();
                  annotations.begin_group("one");
                  annotations.begin_group("two");
                  annotations.end_group();
                  annotations.end_group();
              }),
              "\n::group::one\n::endgroup::\n\n::group::two\n::endgroup::\n");
}

TEST(Annotations, AreForStepsOfWorkflows) {
    EXPECT_EQ(written(
                  [](Annotations& annotations) {
                      annotations.begin_group("one");
                      annotations.add(Severity::error, "a", "b");
                      annotations.end_group();
                  },
                  false),
              "");
}

TEST(AnnotatedLog, AnnotatesRefusalsOfOperations) {
    Memory memory;
    const std::string text = written([&](Annotations& annotations) {
        AnnotatedLog log(memory, annotations);
        log.info("request", "{} by arn:a", field("request", "Encrypt"));
        log.warning("refused", "{} by arn:a refused: Denied: no Recipient",
                    field("request", "Decrypt"));
        log.warning("refused", "{} refused", field("request", "GET /"));
        log.error("failed", "{} failed", field("request", "Sign"));
        log.warning("auth_off", "off");
    });
    EXPECT_EQ(text,
              "\n::warning title=KMS refused Decrypt::Decrypt by arn:a refused: Denied: no "
              "Recipient\n\n::warning title=KMS failed Sign::Sign failed\n");
    EXPECT_EQ(memory.lines.size(), 4U);
}

}  // namespace
}  // namespace glovebox::up
