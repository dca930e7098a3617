// SPDX-License-Identifier: Apache-2.0

#include "core/base/line_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/base/testing/file_size_limit.h"
#include "core/base/testing/temporary_directory.h"

namespace glovebox {
namespace {

class LineFileTest : public testing::Test {
  protected:
    [[nodiscard]] std::string content() const {
        std::ostringstream out;
        out << std::ifstream(path_, std::ios::binary).rdbuf();
        return out.str();
    }
    [[nodiscard]] LineFile open() const { return LineFile::open(path_, 0600).value(); }

    TemporaryDirectory folder_;
    std::string path_ = folder_.path() + "/lines";
};

TEST_F(LineFileTest, AppendsLines) {
    open().append("one").value();
    open().append("two").value();
    EXPECT_EQ(content(), "one\ntwo\n");
    EXPECT_EQ(std::filesystem::status(path_).permissions(), std::filesystem::perms(0600));
}

TEST_F(LineFileTest, ALineThatDoesNotFitLeavesNothing) {
    LineFile lines = open();
    lines.append("one").value();
    {
        const FileSizeLimit limit(8);
        const auto done = lines.append("too long");
        ASSERT_FALSE(done);
        EXPECT_EQ(done.error().code, boost::system::errc::file_too_large);
        EXPECT_EQ(content(), "one\n");
        lines.append("abc").value();
    }
    lines.append("two").value();
    EXPECT_EQ(content(), "one\nabc\ntwo\n");
}

TEST_F(LineFileTest, AHalfLineOfAnotherWriterIsEnded) {
    std::ofstream(path_) << "one\nhal";
    LineFile lines = open();
    lines.append("two").value();
    lines.append("three").value();
    EXPECT_EQ(content(), "one\nhal\ntwo\nthree\n");
}

TEST_F(LineFileTest, AHalfLineIsEndedByTheFirstLineThatFits) {
    std::ofstream(path_) << "hal";
    LineFile lines = open();
    {
        const FileSizeLimit limit(6);
        EXPECT_FALSE(lines.append("too long"));
        EXPECT_EQ(content(), "hal\n");
    }
    lines.append("two").value();
    EXPECT_EQ(content(), "hal\ntwo\n");
}

TEST_F(LineFileTest, WhatAnotherProcessAppendedStays) {
    LineFile lines = open();
    lines.append("one").value();
    std::ofstream(path_, std::ios::app) << "foreign\n";
    lines.append("two").value();
    EXPECT_EQ(content(), "one\nforeign\ntwo\n");
}

}  // namespace
}  // namespace glovebox
