// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/json_lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>
#include <vector>

#include "core/base/testing/temporary_directory.h"

namespace glovebox::kms {
namespace {

namespace fs = std::filesystem;

class JsonLinesTest : public testing::Test {
  protected:
    static std::string content(const std::string& file) {
        std::ostringstream out;
        out << std::ifstream(file).rdbuf();
        return out.str();
    }
    static std::ptrdiff_t lines_in(const std::string& file) {
        const std::string text = content(file);
        return std::count(text.begin(), text.end(), '\n');
    }

    TemporaryDirectory folder_;
    std::string file_ = (fs::path(folder_.path()) / "log.jsonl").string();
};

TEST_F(JsonLinesTest, AFileAtItsLimitBecomesTheFormerOne) {
    const auto lines = JsonLines::open(file_, 20).value();
    for (int i = 0; i < 5; ++i)
        ASSERT_TRUE(lines->append({{"n", i}}));  // 8 bytes each
    EXPECT_EQ(content(file_), "{\"n\":4}\n");
    EXPECT_EQ(content(former_file(file_)), "{\"n\":2}\n{\"n\":3}\n");
    // A line that is longer than a file has one of its own.
    ASSERT_TRUE(lines->append({{"long", std::string(30, 'x')}}));
    EXPECT_EQ(content(former_file(file_)), "{\"n\":4}\n");
}

TEST_F(JsonLinesTest, AFileThatWasRemovedBeginsAnew) {
    const auto lines = JsonLines::open(file_).value();
    ASSERT_TRUE(lines->append({{"n", 1}}));
    fs::remove(file_);
    ASSERT_TRUE(lines->append({{"n", 2}}));
    EXPECT_EQ(content(file_), "{\"n\":2}\n");
    fs::rename(file_, file_ + ".moved");
    ASSERT_TRUE(lines->append({{"n", 3}}));
    EXPECT_EQ(content(file_), "{\"n\":3}\n");
    EXPECT_EQ(content(file_ + ".moved"), "{\"n\":2}\n");
}

TEST_F(JsonLinesTest, AFileThatWasTruncatedGoesOn) {
    const auto lines = JsonLines::open(file_).value();
    ASSERT_TRUE(lines->append({{"n", 1}}));
    fs::resize_file(file_, 0);
    ASSERT_TRUE(lines->append({{"n", 2}}));
    EXPECT_EQ(content(file_), "{\"n\":2}\n");
}

// Each has a file of its own open, as several processes have.
TEST_F(JsonLinesTest, SeveralWritersLoseNothingButWhatIsOld) {
    constexpr int writers = 4;
    constexpr int each = 200;
    constexpr std::uintmax_t limit = 8 * writers * each * 3 / 4;  // so it is exceeded once
    std::vector<std::thread> threads;
    for (int i = 0; i < writers; ++i)
        threads.emplace_back([this, i] {
            const auto lines = JsonLines::open(file_, limit).value();
            for (int n = 0; n < each; ++n)
                EXPECT_TRUE(lines->append({{"n", i}}));
        });
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_EQ(lines_in(file_) + lines_in(former_file(file_)), writers * each);
}

}  // namespace
}  // namespace glovebox::kms
