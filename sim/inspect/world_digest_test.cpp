// SPDX-License-Identifier: Apache-2.0

#include "sim/inspect/world_digest.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace glovebox::inspect {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::Not;

class WorldDigestTest : public testing::Test {
  protected:
    WorldDigestTest() {
        take(R"({"component":"up","event":"world","message":"world.yaml",
                 "parts":[{"part":"kms","kind":"kms"},{"part":"app","kind":"enclave","cid":16}]})");
        take(
            R"({"component":"proxy","event":"open","part":"app","peer":"16:1",
                 "address":"127.0.0.1:1"})");
        take(R"({"component":"proxy","event":"open","part":"app","peer":"16:2"})");
        take(R"({"component":"proxy","event":"closed","part":"app","peer":"16:1"})");
        take(R"({"component":"program","event":"output","part":"app","message":"hello"})");
        take(R"({"component":"kms","event":"request","part":"kms","message":"Encrypt"})");
        take(R"({"time":"2026-01-02T03:04:05.678Z","component":"kms","event":"refused",
                 "part":"kms","message":"Decrypt refused\u001b[31m"})");
    }
    void take(const std::string& line) { digest_.take(line); }

    WorldDigest digest_;
};

TEST_F(WorldDigestTest, HasALineForEachPartAndTheLastRefusals) {
    EXPECT_EQ(digest_.text(20), R"(world.yaml: runs
PART      KIND          OPEN    ALL  REFUSED  REQUESTS   LINES
kms       kms              0      0        1         1       0
app (16)  enclave          1      2        0         0       1

03:04:05.678 kms: Decrypt refused\x1b[31m
)");
}

TEST_F(WorldDigestTest, RatesAreThoseSinceTheLastTime) {
    digest_.measure(std::chrono::seconds(2));
    EXPECT_THAT(digest_.text(20), HasSubstr("2.0\n"));
    EXPECT_THAT(digest_.text(20), HasSubstr("2.0\n"));
    digest_.measure(std::chrono::seconds(2));
    EXPECT_THAT(digest_.text(20), Not(HasSubstr("2.0\n")));
}

TEST_F(WorldDigestTest, HasNoRateAtFirst) {
    digest_.measure({});
    EXPECT_THAT(digest_.text(20), HasSubstr("0.0\n"));
}

TEST_F(WorldDigestTest, FitsTheTerminal) {
    for (const std::size_t rows : {3U, 4U, 5U, 6U}) {
        const std::string text = digest_.text(rows);
        EXPECT_LE(std::count(text.begin(), text.end(), '\n'), static_cast<long>(rows));
    }
    EXPECT_THAT(digest_.text(4), Not(HasSubstr("Decrypt refused")));
}

TEST_F(WorldDigestTest, ASelectedPartHasItsOwnRefusals) {
    take(R"({"component":"proxy","event":"refused","part":"app","message":"by the allowlist"})");
    const auto shown = [&](const DigestView& view) {
        std::string text;
        for (const DigestLine& line : digest_.lines(20, view))
            text += (line.kind == DigestLine::Kind::selected_part ? "> " : "") + line.text + '\n';
        return text;
    };
    EXPECT_THAT(shown({}), AllOf(HasSubstr("kms: Decrypt refused"), HasSubstr("app: by the"),
                                 Not(HasSubstr("> "))));
    EXPECT_THAT(shown({.part = "app"}), AllOf(Not(HasSubstr("Decrypt refused")),
                                              HasSubstr("app: by the"), HasSubstr("> app (16)")));
}

TEST_F(WorldDigestTest, OnlyPartsWithRefusalsCanBeShown) {
    EXPECT_THAT(digest_.labels({}), ElementsAre("kms", "app"));
    EXPECT_THAT(digest_.labels({.part = "", .only_refusals = true}), ElementsAre("kms"));
    EXPECT_EQ(digest_.lines(20, {.part = "", .only_refusals = true})[3].text, "");
}

TEST_F(WorldDigestTest, TheSelectedPartIsInView) {
    for (int number = 0; number < 50; ++number)
        take(fmt::format(R"({{"component":"proxy","event":"open","part":"part-{}"}})", number));
    const auto lines = digest_.lines(12, {.part = "part-40"});
    ASSERT_LE(lines.size(), 12U);
    EXPECT_THAT(lines, Contains(Field(&DigestLine::kind, DigestLine::Kind::selected_part)));
    EXPECT_THAT(digest_.lines(12).back().kind, DigestLine::Kind::refusal);
}

TEST_F(WorldDigestTest, WhatIsNoEventIsLeftOut) {
    for (const char* const line :
         {"", "no JSON", "[]", "{}", R"({"event":"open"})", R"({"part":1,"event":"open"})",
          R"({"component":"up","event":"world","parts":[1,{"part":2}]})"})
        take(line);
    EXPECT_THAT(digest_.text(20), HasSubstr("app (16)"));
}

TEST_F(WorldDigestTest, KnowsTheEnd) {
    EXPECT_FALSE(digest_.has_ended());
    take(R"({"component":"up","event":"world_ended","message":"the world failed"})");
    EXPECT_TRUE(digest_.has_ended());
    EXPECT_THAT(digest_.text(20), HasSubstr("world.yaml: the world failed\n"));
}

}  // namespace
}  // namespace glovebox::inspect
