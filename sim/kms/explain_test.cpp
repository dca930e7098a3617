// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace glovebox::kms {
namespace {

using ::testing::ElementsAre;
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
        ElementsAre("Decrypt by arn:a: AccessDeniedException: no Recipient was sent (2 times)",
                    "Sign by nobody known, as access key AKID: Other"));
    EXPECT_THAT(list_refusals(allowed), IsEmpty());
    EXPECT_THAT(list_refusals(""), IsEmpty());
}

TEST(Refusals, AProbeThatAsksForNoOperationIsNotTheLast) {
    const std::string probe =
        R"({"requestId":"3","operation":"GET /","error":"UnknownOperationException"})";
    const std::string trace = std::string(refused) + probe + "\n";
    EXPECT_EQ(find_in_trace(trace, "").value().record.at("requestId"), "2");
    EXPECT_EQ(find_in_trace(trace, "3").value().record.at("requestId"), "3");
    EXPECT_EQ(find_in_trace(probe, "").value().record.at("requestId"), "3");
}

TEST(Refusals, ARequestIsDescribedByItsIdItsTimeAndItsAge) {
    const auto record = find_in_trace(refused, "").value().record;
    const TimePoint now = parse_time("2026-01-02T03:05:06.678Z").value();
    EXPECT_EQ(describe_request(record, now), "request 2 of 2026-01-02T03:04:06.678Z, " +
                                                 format_duration(std::chrono::minutes(1)) + " ago");
}

}  // namespace
}  // namespace glovebox::kms
