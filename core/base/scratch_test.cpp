// SPDX-License-Identifier: Apache-2.0

#include "core/base/scratch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "core/base/testing/environment.h"
#include "core/base/testing/temporary_directory.h"

namespace glovebox {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;

class ScratchTest : public testing::Test {
  protected:
    static std::vector<std::string> clean() {
        return Scratch::remove_abandoned([](const fs::path&) { return true; });
    }
    // What a process makes that is killed while it fills the folder.
    fs::path left_by_a_killed_process() {
        std::array<int, 2> ends{-1, -1};
        EXPECT_EQ(::pipe(ends.data()), 0);
        const pid_t child = ::fork();
        if (child == 0) {
            const auto scratch = Scratch::make_folder(place_.path(), "left-");
            const std::string& path = scratch.value().path().native();
            fs::create_directory(scratch.value().path() / "deep");
            std::ofstream(scratch.value().path() / "deep/file") << "content";
            fs::permissions(scratch.value().path() / "deep", fs::perms::none);
            (void)!::write(ends[1], path.data(), path.size());
            ::raise(SIGKILL);
        }
        ::close(ends[1]);
        std::string path(4096, '\0');
        const ssize_t size = ::read(ends[0], path.data(), path.size());
        ::close(ends[0]);
        ::waitpid(child, nullptr, 0);
        path.resize(static_cast<std::size_t>(size));
        return path;
    }
    [[nodiscard]] std::size_t records() const {
        const std::string folder = run_.path() + "/glovebox/.scratch";
        return fs::exists(folder) ? TemporaryDirectory::entries_in(folder) : 0;
    }

    TemporaryDirectory run_;
    TemporaryDirectory place_;
    Environment environment_{"XDG_RUNTIME_DIR", run_.path().c_str()};
};

TEST_F(ScratchTest, AFolderIsForItsOwnerAloneAndGoesWithTheObject) {
    {
        const auto scratch = Scratch::make_folder(place_.path(), "mine-");
        ASSERT_TRUE(scratch) << scratch.error().message;
        struct stat status {};
        ASSERT_EQ(::stat(scratch->path().c_str(), &status), 0);
        EXPECT_EQ(status.st_mode & 07777, 0700U);
        std::ofstream(scratch->path() / "file") << "content";
    }
    EXPECT_EQ(TemporaryDirectory::entries_in(place_.path()), 0U);
    EXPECT_EQ(records(), 0U);
}

TEST_F(ScratchTest, WhatGotItsNameStays) {
    {
        auto scratch = Scratch::make_folder(place_.path(), ".out.");
        ASSERT_TRUE(scratch);
        ASSERT_TRUE(scratch->rename_to(place_ / "out"));
    }
    EXPECT_TRUE(fs::exists(place_ / "out"));
    EXPECT_EQ(records(), 0U);
    EXPECT_THAT(clean(), IsEmpty());
    EXPECT_TRUE(fs::exists(place_ / "out"));
}

TEST_F(ScratchTest, WhatAKilledProcessLeftIsFoundAgain) {
    const fs::path left = left_by_a_killed_process();
    ASSERT_TRUE(fs::exists(left));
    EXPECT_THAT(clean(), ElementsAre(left.string()));
    EXPECT_FALSE(fs::exists(left));
    EXPECT_EQ(records(), 0U);
}

TEST_F(ScratchTest, WhatALivingProcessHasIsLetAlone) {
    const auto scratch = Scratch::make_folder(place_.path(), "mine-");
    EXPECT_THAT(clean(), IsEmpty());
    EXPECT_TRUE(fs::exists(scratch->path()));
}

TEST_F(ScratchTest, WhatIsNotWantedIsFoundByTheNextOne) {
    const fs::path left = left_by_a_killed_process();
    EXPECT_THAT(Scratch::remove_abandoned([&](const fs::path& path) { return path != left; }),
                IsEmpty());
    EXPECT_TRUE(fs::exists(left));
    EXPECT_THAT(clean(), ElementsAre(left.string()));
}

TEST_F(ScratchTest, ARecordOfWhatIsGoneGoesToo) {
    const fs::path left = left_by_a_killed_process();
    fs::permissions(left / "deep", fs::perms::owner_all);
    fs::remove_all(left);
    EXPECT_THAT(clean(), IsEmpty());
    EXPECT_EQ(records(), 0U);
}

TEST_F(ScratchTest, AnothersFileOfTheNameIsLetAlone) {
    if (::geteuid() != 0)
        GTEST_SKIP() << "only root can give a folder away";
    const fs::path left = left_by_a_killed_process();
    ASSERT_EQ(::chown(left.c_str(), 12345, 0), 0);
    EXPECT_THAT(clean(), IsEmpty());
    EXPECT_TRUE(fs::exists(left));
}

TEST_F(ScratchTest, WithoutARunFolderItWorksUnrecorded) {
    std::ofstream(run_ / "glovebox") << "no folder";
    {
        const auto scratch = Scratch::make_folder(place_.path(), "mine-");
        ASSERT_TRUE(scratch) << scratch.error().message;
        EXPECT_TRUE(fs::is_directory(scratch->path()));
    }
    EXPECT_EQ(TemporaryDirectory::entries_in(place_.path()), 0U);
    EXPECT_THAT(clean(), IsEmpty());
}

TEST_F(ScratchTest, AFolderThatCannotBeMadeIsAnErrorThatNamesItsPlace) {
    const auto scratch = Scratch::make_folder(place_ / "absent", "mine-");
    ASSERT_FALSE(scratch);
    EXPECT_THAT(scratch.error().message, testing::HasSubstr(place_ / "absent"));
    EXPECT_EQ(records(), 0U);
}

}  // namespace
}  // namespace glovebox
