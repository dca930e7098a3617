// SPDX-License-Identifier: Apache-2.0

#include "core/base/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <vector>

#include "core/base/interruption.h"

namespace glovebox {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

constexpr std::uint64_t mib = 1 << 20;

TEST(FormatBytes, HasThreeDigitsAtTheMost) {
    EXPECT_EQ(format_bytes(0), "0 bytes");
    EXPECT_EQ(format_bytes(1), "1 byte");
    EXPECT_EQ(format_bytes(1023), "1023 bytes");
    EXPECT_EQ(format_bytes(1536), "1.5 KiB");
    EXPECT_EQ(format_bytes(10 * 1024 - 1), "10 KiB");
    EXPECT_EQ(format_bytes(512 * mib), "512 MiB");
    EXPECT_EQ(format_bytes(1024 * mib - 1), "1.0 GiB");
    EXPECT_EQ(format_bytes(2048 * mib), "2.0 GiB");
    EXPECT_EQ(format_bytes(~std::uint64_t{0}), "16 EiB");
}

TEST(ProgressLine, SaysTheTimeThatIsLeftAtTheRateSoFar) {
    EXPECT_EQ(progress_line({"unpacking a.eif", 512 * mib, 2048 * mib, 4s}),
              "unpacking a.eif: 512 MiB of 2.0 GiB, 12 s left");
    EXPECT_EQ(progress_line({"unpacking a.eif", 1 * mib, 1024 * mib, 5s}),
              "unpacking a.eif: 1.0 MiB of 1.0 GiB, 85 min left");
}

TEST(ProgressLine, SaysNoTimeWithoutATotalARateOrARest) {
    EXPECT_EQ(progress_line({"reading a", 5 * mib, std::nullopt, 4s}), "reading a: 5.0 MiB");
    EXPECT_EQ(progress_line({"reading a", 0, 8 * mib, 4s}), "reading a: 0 bytes of 8.0 MiB");
    EXPECT_EQ(progress_line({"reading a", 4 * mib, 8 * mib, 999ms}),
              "reading a: 4.0 MiB of 8.0 MiB");
    EXPECT_EQ(progress_line({"reading a", 9 * mib, 8 * mib, 4s}), "reading a: 9.0 MiB of 8.0 MiB");
}

TEST(ProgressBar, IsAsWideAsTheTerminalAllows) {
    const ProgressState half{"unpacking a.eif", 1024 * mib, 2048 * mib, 4s};
    EXPECT_EQ(progress_bar(half, 73),
              "unpacking a.eif [##########----------]  50%  1.0 GiB of 2.0 GiB, 4 s left");
    EXPECT_THAT(progress_bar(half, 200),
                HasSubstr("[" + std::string(20, '#') + std::string(20, '-') + "]"));
    EXPECT_EQ(progress_bar(half, 60), "unpacking a.eif: 1.0 GiB of 2.0 GiB, 4 s left");
    EXPECT_EQ(progress_bar(half, 40), "unpacking : 1.0 GiB of 2.0 GiB, 4 s left");
    for (std::size_t columns = 0; columns < 100; ++columns)
        EXPECT_LE(progress_bar(half, columns).size(), columns);
}

TEST(ProgressBar, IsFullAtMost) {
    EXPECT_THAT(progress_bar({"w", 9, 3, 4s}, 80),
                StartsWith("w [########################################] 100%"));
    EXPECT_EQ(progress_bar({"w", 9, 0, 4s}, 60), "w: 9 bytes of 0 bytes");
    EXPECT_EQ(progress_bar({"w", 9, std::nullopt, 4s}, 60), "w: 9 bytes");
}

TEST(ProgressBar, CutsAForeignNameBetweenCharacters) {
    const ProgressState state{"reading \xc3\xa4\xc3\xb6\xc3\xbc", 9, std::nullopt, 4s};
    EXPECT_EQ(progress_bar(state, 20), "reading \xc3\xa4: 9 bytes");
}

class Report : public testing::Test {
  protected:
    ProgressReport make(std::optional<std::size_t> columns) {
        return {"a\x1b[2J.eif",
                {.write = [this](std::string_view text) { shown_.emplace_back(text); },
                 .columns = columns,
                 .now = [this] { return now_; },
                 .check =
                     [this] {
                         if (interrupted_by_ != 0)
                             throw Interrupted{interrupted_by_};
                     }}};
    }
    ProgressReport::Time now_;
    std::vector<std::string> shown_;
    int interrupted_by_ = 0;
};

TEST_F(Report, WritesALineEachFiveSecondsOverAllStages) {
    ProgressReport report = make(std::nullopt);
    report.begin("measuring", 100 * mib);
    now_ += 4s;
    report.add(40 * mib);
    EXPECT_THAT(shown_, IsEmpty());
    report.begin("unpacking", 100 * mib);
    now_ += 1s;
    report.add(10 * mib);
    report.add(10 * mib);
    EXPECT_THAT(shown_,
                ElementsAre("glovebox: unpacking a\\x1b[2J.eif: 10 MiB of 100 MiB, 9 s left\n"));
    now_ += 5s;
    report.add(30 * mib);
    report.end();
    EXPECT_THAT(shown_, SizeIs(2));
    EXPECT_EQ(shown_.back(), "glovebox: unpacking a\\x1b[2J.eif: 50 MiB of 100 MiB, 6 s left\n");
}

TEST_F(Report, RedrawsABarAndErasesIt) {
    {
        ProgressReport report = make(100);
        report.begin("measuring", 100 * mib);
        report.add(10 * mib);
        now_ += 299ms;
        report.add(10 * mib);
        EXPECT_THAT(shown_, IsEmpty());
        now_ += 1ms;
        report.add(30 * mib);
        report.add(1 * mib);
        now_ += 100ms;
        report.add(0);
        EXPECT_THAT(shown_, SizeIs(2));
        EXPECT_THAT(shown_.back(), StartsWith("\rmeasuring a\\x1b[2J.eif [####"));
        EXPECT_THAT(shown_.back(), EndsWith("51 MiB of 100 MiB\x1b[K"));
    }
    EXPECT_THAT(shown_, SizeIs(3));
    EXPECT_EQ(shown_.back(), "\r\x1b[K");
}

TEST_F(Report, ShowsNothingOfShortWork) {
    {
        ProgressReport report = make(100);
        report.begin("measuring", 1);
        report.add(1);
        report.end();
    }
    EXPECT_THAT(shown_, IsEmpty());
}

TEST_F(Report, ErasesTheBarWhenItIsInterrupted) {
    const auto work = [this] {
        ProgressReport report = make(100);
        report.begin("measuring", 100 * mib);
        now_ += 1s;
        report.add(1 * mib);
        interrupted_by_ = 15;
        report.add(1 * mib);
    };
    try {
        work();
        ADD_FAILURE() << "it was not interrupted";
    } catch (const Interrupted& interrupted) {
        EXPECT_EQ(interrupted.signal, 15);
    }
    EXPECT_EQ(shown_.back(), "\r\x1b[K");
}

TEST(TerminalColumns, AreThoseOfATerminalAlone) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    EXPECT_EQ(terminal_columns(ends[1]), std::nullopt);
    ::close(ends[0]);
    ::close(ends[1]);
}

}  // namespace
}  // namespace glovebox
