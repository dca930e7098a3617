// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "core/base/testing/temporary_directory.h"
#include "sim/kms/json_lines.h"

namespace glovebox::kms {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::string_view allowed =
    R"({"time":"2026-01-02T03:04:05.678Z","requestId":"1","operation":"Decrypt","caller":"arn:a"})"
    "\n";
constexpr std::string_view refused =
    R"({"time":"2026-01-02T03:04:06.678Z","requestId":"2","operation":"Decrypt","caller":"arn:a",)"
    R"("error":"AccessDeniedException","explanation":"no Recipient was sent"})"
    "\n";

TEST(Refusals, AreALineForEachKind) {
    const std::string trace = std::string(allowed) + std::string(refused) + "broken\n" +
                              std::string(refused) +
                              R"({"operation":"Sign","accessKeyId":"AKID","error":"Other"})";
    EXPECT_THAT(
        list_refusals(trace),
        ElementsAre(Field(&Refusal::sentence,
                          "Decrypt by arn:a: AccessDeniedException: no "
                          "Recipient was sent (2 times)"),
                    Field(&Refusal::sentence, "Sign by nobody known, as access key AKID: Other")));
    EXPECT_EQ(list_refusals(trace).front().record.at("requestId"), "2");
    EXPECT_THAT(list_refusals(allowed), IsEmpty());
    EXPECT_THAT(list_refusals(""), IsEmpty());
}

// A trace of its own, with what a former file of it has.
class Trace {
  public:
    explicit Trace(std::string_view text, std::string_view former = {}) {
        std::ofstream(file()) << text;
        if (!former.empty())
            std::ofstream(former_file(file())) << former;
    }

    [[nodiscard]] std::string file() const {
        return (std::filesystem::path(folder_.path()) / "trace.jsonl").string();
    }
    [[nodiscard]] Result<TraceSearch> find(std::string_view id) const {
        return find_in_trace(file(), id);
    }

  private:
    TemporaryDirectory folder_;
};

TEST(Refusals, AreFoundInTheFormerFileToo) {
    const Trace trace(allowed, refused);
    EXPECT_EQ(trace.find("").value().record.at("requestId"), "2");
    EXPECT_EQ(trace.find("1").value().record.at("requestId"), "1");
    EXPECT_THAT(trace.find("3").error().message, HasSubstr("none of the 2 requests"));
    std::filesystem::remove(trace.file());
    EXPECT_EQ(trace.find("2").value().record.at("requestId"), "2");
}

TEST(Refusals, ABrokenLineIsSkippedAndNamed) {
    const Trace trace("{\"half\":\n" + std::string(refused) + "{\"error\":}\n");
    const TraceSearch found = trace.find("").value();
    EXPECT_EQ(found.record.at("requestId"), "2");
    EXPECT_THAT(found.broken_lines, ElementsAre(1, 3));
    EXPECT_THAT(describe_broken_lines(found.broken_lines), HasSubstr("line 1 of the trace"));
}

TEST(Refusals, ATraceThatIsMissingIsNamed) {
    EXPECT_THAT(find_in_trace("/nonexistent/trace.jsonl", "").error().message,
                HasSubstr("cannot open /nonexistent/trace.jsonl"));
}

TEST(Refusals, AProbeThatAsksForNoOperationIsNotTheLast) {
    const std::string probe =
        R"({"requestId":"3","operation":"GET /","error":"UnknownOperationException"})";
    const Trace trace(std::string(refused) + probe + "\n");
    EXPECT_EQ(trace.find("").value().record.at("requestId"), "2");
    EXPECT_EQ(trace.find("3").value().record.at("requestId"), "3");
    EXPECT_EQ(Trace(probe).find("").value().record.at("requestId"), "3");
}

TEST(Refusals, ARequestIsDescribedByItsIdItsTimeAndItsAge) {
    const auto record = Trace(refused).find("").value().record;
    const TimePoint now = parse_time("2026-01-02T03:05:06.678Z").value();
    EXPECT_EQ(describe_request(record, now), "request 2 of 2026-01-02T03:04:06.678Z, " +
                                                 format_duration(std::chrono::minutes(1)) + " ago");
}

}  // namespace
}  // namespace glovebox::kms
