// SPDX-License-Identifier: Apache-2.0

#include "core/base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/base/error.h"

namespace glovebox {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

class LogFile : public testing::Test {
  protected:
    LogFile()
        : path_(std::filesystem::temp_directory_path() /
                ("glovebox-log-test." + std::to_string(::getpid()))) {}
    ~LogFile() override { std::filesystem::remove(path_); }
    std::string text() const {
        std::ostringstream out;
        out << std::ifstream(path_).rdbuf();
        return out.str();
    }
    std::filesystem::path path_;
};

TEST_F(LogFile, ALineHasTimeLevelComponentAndMessage) {
    make_log({.component = "proxy", .file = path_.string()})->info("open", "open {}", 5);
    EXPECT_THAT(text(), MatchesRegex("20..-..-..T..:..:..\\....Z info    proxy: open 5\n"));
}

TEST_F(LogFile, ControlCharactersCannotForgeALine) {
    make_log({.component = "proxy", .file = path_.string()})
        ->info("said", "{}", "a\n2026 error forged\x1b[2J");
    EXPECT_THAT(text(), HasSubstr("a\\x0a2026 error forged\\x1b[2J\n"));
}

TEST_F(LogFile, JsonLinesAreEscaped) {
    make_log({.component = "proxy", .file = path_.string(), .json = true})
        ->warning("said", "{}", "say \"hi\"\n");
    EXPECT_THAT(text(),
                HasSubstr(R"("component":"proxy","event":"said","message":"say \"hi\"\n"})"));
}

TEST_F(LogFile, NothingThatHidesOrReordersTextIsWrittenRaw) {
    make_log({.component = "proxy", .file = path_.string()})
        ->info("said", "{} {} {}", "\u009b31m",
               "\x9b"
               "31m",
               "\u202emoc.live");
    EXPECT_THAT(text(), HasSubstr("\\u{9b}31m \\x9b31m \\u{202e}moc.live\n"));
}

TEST_F(LogFile, JsonLinesAreUtf8AndPrintable) {
    make_log({.component = "proxy", .file = path_.string(), .json = true})
        ->info("said", "{}", "\x9b\u009b\u202e\u00fc");
    EXPECT_THAT(text(), HasSubstr("\"message\":\"\\ufffd\\u009b\\u202e\u00fc\"}\n"));
}

TEST_F(LogFile, FieldsArePartOfTheTextAndMembersOfTheJson) {
    for (const bool json : {false, true}) {
        const auto log = make_log({.component = "proxy", .file = path_.string(), .json = json});
        log->info("open", "{} -> {:>3} open", field("peer", std::string("a\n\"")),
                  field("port", 7U), field("cid", 16), field("key", ""));
    }
    EXPECT_THAT(text(), HasSubstr("info    proxy: a\\x0a\" ->   7 open\n{"));
    EXPECT_THAT(text(), testing::EndsWith(R"("event":"open","message":"a\n\" ->   7 open",)"
                                          R"("peer":"a\n\"","port":7,"cid":16})"
                                          "\n"));
}

TEST_F(LogFile, AFieldIsCutAsTheTextIs) {
    const std::string name(900'000, 'A');
    make_log({.component = "kms", .file = path_.string(), .json = true})
        ->info("said", "key {}", field("key", name));
    EXPECT_THAT(text(), HasSubstr("AAA... (900000 bytes)\",\"key\":\"AAA"));
    EXPECT_LT(text().size(), 2 * log_text_bytes_max + 200);
}

TEST_F(LogFile, ALongTextIsCutAndItsLengthSaid) {
    const std::string name(900'000, 'A');
    make_log({.component = "kms", .file = path_.string()})
        ->info("said", "key {} is not there", name);
    EXPECT_THAT(text(), HasSubstr("AAA... (900000 bytes) is not there\n"));
    EXPECT_LT(text().size(), log_text_bytes_max + 200);
}

TEST_F(LogFile, WhatIsBelowTheLevelIsNotWritten) {
    const auto log =
        make_log({.component = "proxy", .level = LogLevel::warning, .file = path_.string()});
    log->info("said", "quiet");
    EXPECT_EQ(text(), "");
}

TEST(Log, AFileThatCannotBeOpenedIsNamed) {
    EXPECT_THROW(make_log({.component = "proxy", .file = "/proc/nowhere/log"}), ErrorException);
}

}  // namespace
}  // namespace glovebox
