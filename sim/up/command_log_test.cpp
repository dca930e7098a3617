// SPDX-License-Identifier: Apache-2.0

#include "sim/up/command_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <thread>
#include <vector>

#include "core/base/line_file.h"

namespace glovebox::up {
namespace {

using ::testing::ElementsAre;

TEST(CommandLog, HandsOnWholeLines) {
    boost::asio::io_context context;
    std::vector<std::string> lines;
    auto log = CommandLog::make(context, [&](const std::string& line) { lines.push_back(line); });
    ASSERT_TRUE(log);
    auto file = LineFile::open((*log)->path(), 0600);
    ASSERT_TRUE(file);
    ASSERT_TRUE(file->append("one"));
    ASSERT_TRUE(file->append(std::string(10000, 'x')));
    while (lines.size() < 2)
        context.run_one();
    ASSERT_TRUE(file->append("three"));
    (*log)->drain();
    EXPECT_THAT(lines, ElementsAre("one", std::string(10000, 'x'), "three"));
    (*log)->close();
    context.run();  // nothing is waited for
}

TEST(CommandLog, AWriterWaitsWhileItIsFull) {
    boost::asio::io_context context;
    std::size_t count = 0;
    auto log = CommandLog::make(context, [&](const std::string&) { ++count; });
    ASSERT_TRUE(log);
    auto file = LineFile::open((*log)->path(), 0600);
    ASSERT_TRUE(file);
    constexpr std::size_t many = 10000;  // ten times what a pipe holds
    std::thread writer([&] {
        for (std::size_t i = 0; i < many; ++i)
            EXPECT_TRUE(file->append(std::string(64, 'x')));
    });
    while (count < many)
        context.run_one();
    writer.join();
    EXPECT_EQ(count, many);
}

TEST(CommandLog, LeavesNothing) {
    boost::asio::io_context context;
    std::string path;
    {
        auto log = CommandLog::make(context, [](const std::string&) {});
        ASSERT_TRUE(log);
        path = (*log)->path();
        EXPECT_TRUE(std::filesystem::is_fifo(path));
    }
    EXPECT_FALSE(std::filesystem::exists(std::filesystem::path(path).parent_path()));
}

}  // namespace
}  // namespace glovebox::up
