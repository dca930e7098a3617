// SPDX-License-Identifier: Apache-2.0

#include "sim/device_plugin/folder_watch.h"

#include <gtest/gtest.h>

#include <fstream>

#include "core/base/testing/temporary_directory.h"

namespace glovebox::device_plugin {
namespace {

namespace fs = std::filesystem;
using Kind = FolderChange::Kind;

// "appeared a, gone a"
std::vector<std::pair<Kind, std::string>> taken(FolderWatch& watch) {
    std::vector<std::pair<Kind, std::string>> changes;
    for (const FolderChange& change : watch.take())
        changes.emplace_back(change.kind, change.name);
    return changes;
}

using Changes = std::vector<std::pair<Kind, std::string>>;

TEST(FolderWatch, HasWhatHappensToFilesInOrder) {
    const TemporaryDirectory directory;
    FolderWatch watch = FolderWatch::open(directory.path()).value();
    EXPECT_EQ(taken(watch), Changes{});
    const fs::path file = fs::path(directory.path()) / "file";
    std::ofstream(file) << "text";
    fs::permissions(file, fs::perms(0700));
    fs::rename(file, fs::path(directory.path()) / "other");
    fs::remove(fs::path(directory.path()) / "other");
    EXPECT_EQ(taken(watch), (Changes{{Kind::appeared, "file"},
                                     {Kind::changed, "file"},
                                     {Kind::changed, "file"},
                                     {Kind::gone, "file"},
                                     {Kind::appeared, "other"},
                                     {Kind::gone, "other"}}));
}

TEST(FolderWatch, SaysThatTheFolderIsGone) {
    const TemporaryDirectory directory;
    const fs::path folder = fs::path(directory.path()) / "folder";
    fs::create_directory(folder);
    FolderWatch watch = FolderWatch::open(folder).value();
    fs::remove(folder);
    const auto changes = watch.take();
    ASSERT_FALSE(changes.empty());
    EXPECT_EQ(changes.back().kind, Kind::folder_gone);
}

TEST(FolderWatch, IsAnErrorForAFileAndForNothing) {
    const TemporaryDirectory directory;
    std::ofstream(fs::path(directory.path()) / "file") << "text";
    EXPECT_FALSE(FolderWatch::open(fs::path(directory.path()) / "file"));
    EXPECT_FALSE(FolderWatch::open(fs::path(directory.path()) / "nothing"));
}

}  // namespace
}  // namespace glovebox::device_plugin
