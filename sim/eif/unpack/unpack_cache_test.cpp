#include "sim/eif/unpack/unpack_cache.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <future>
#include <set>

#include "core/base/scratch.h"
#include "core/base/testing/temporary_directory.h"
#include "sim/eif/base/error.h"
#include "sim/eif/build/builder.h"
#include "sim/eif/testing/test_support.h"

namespace glovebox::eif {
namespace {

namespace fs = std::filesystem;
using testing::write_file;

class UnpackCacheTest : public ::testing::Test {
  protected:
    UnpackCacheTest() {
        write_file(folder_ / "kernel", std::string_view("kernel"));
        write_file(folder_ / "init", std::string_view("init"));
        fs::create_directories(folder_ / "root/bin");
        write_file(folder_ / "root/bin/app", std::string_view("program"));
        ::chmod((folder_ / "root/bin/app").c_str(), 04755);
        fs::create_symlink("/etc/passwd", folder_ / "root/link");
        build();
    }

    void build() {
        BuildOptions options;
        options.kernel = folder_ / "kernel";
        options.init = folder_ / "init";
        options.rootfs = folder_ / "root";
        options.command = {"/bin/app", "5005"};
        options.environment = {"A=1"};
        options.architecture = Architecture::x86_64;
        options.output = folder_ / "app.eif";
        pcr0_ = build_image(options).value().pcrs.pcr0;
    }

    Result<UnpackedImage> get(const Pcr& pcr0) {
        const auto file = MappedFile::open(folder_ / "app.eif").value();
        const auto image = Image::parse(file.bytes()).value();
        return UnpackCache(folder_ / "cache/images").get(image, pcr0, file);
    }
    Result<UnpackedImage> get() { return get(pcr0_); }

    // What lies in the cache.
    [[nodiscard]] std::vector<std::string> names() const {
        std::vector<std::string> found;
        for (const auto& entry : fs::directory_iterator(folder_ / "cache/images"))
            found.push_back(entry.path().filename().string());
        return found;
    }

    TemporaryDirectory folder_;
    Pcr pcr0_{};
};

TEST_F(UnpackCacheTest, AnImageIsUnpackedOnce) {
    const UnpackedImage first = get().value();
    EXPECT_FALSE(first.was_cached);
    EXPECT_EQ(testing::read_file(first.root() / "bin/app"),
              Bytes({'p', 'r', 'o', 'g', 'r', 'a', 'm'}));
    const InitFiles files = read_init_files(first).value();
    EXPECT_EQ(files.cmd, "/bin/app\n5005\n");
    EXPECT_EQ(files.env, "A=1\n");
    const UnpackedImage second = get().value();
    EXPECT_TRUE(second.was_cached);
    EXPECT_EQ(second.folder, first.folder);
    EXPECT_GT(first.bytes, 3U * 4096U) << "init, the program, /env and /cmd: a page each";
    EXPECT_EQ(first.bytes % 4096, 0U);
    EXPECT_EQ(second.bytes, first.bytes);
}

TEST_F(UnpackCacheTest, ModesTimesAndLinksAreTheImages) {
    const fs::path root = get().value().root();
    struct stat status {};
    ASSERT_EQ(::stat((root / "bin/app").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 04755U);
    EXPECT_EQ(status.st_mtime, default_source_date);
    EXPECT_EQ(status.st_uid, ::geteuid());
    ASSERT_EQ(::stat((root / "bin").c_str(), &status), 0);
    EXPECT_EQ(status.st_mtime, default_source_date);
    EXPECT_EQ(fs::read_symlink(root / "link"), "/etc/passwd");
}

TEST_F(UnpackCacheTest, AnotherImageHasAnotherEntry) {
    const fs::path first = get().value().folder;
    write_file(folder_ / "root/bin/app", std::string_view("another program"));
    build();
    const UnpackedImage second = get().value();
    EXPECT_FALSE(second.was_cached);
    EXPECT_NE(second.folder, first);
}

TEST_F(UnpackCacheTest, WhatMeasuresOtherwiseBehindTheUnpackingLeavesNothing) {
    Pcr other = pcr0_;
    other[0] ^= 1;
    EXPECT_EQ(get(other).error().code, EifError::changed_while_read);
    EXPECT_TRUE(fs::is_empty(folder_ / "cache/images"));
}

TEST_F(UnpackCacheTest, ManyFirstStartsAtOnceShareOneEntry) {
    constexpr int starts = 8;
    std::vector<std::future<Result<UnpackedImage>>> first;
    for (int i = 0; i < starts; ++i)
        first.push_back(std::async(std::launch::async, [this] { return get(); }));
    std::set<fs::path> folders;
    for (auto& start : first)
        folders.insert(start.get().value().folder);
    EXPECT_EQ(folders.size(), 1U);
    EXPECT_EQ(names(), std::vector<std::string>{folders.begin()->parent_path().filename()});
    EXPECT_TRUE(get().value().was_cached);
}

TEST_F(UnpackCacheTest, WhatAKilledStartLeftGoesWithTheNextThatUnpacks) {
    const fs::path cache = folder_ / "cache/images";
    fs::create_directories(cache);
    fs::permissions(cache, fs::perms(0700));
    const pid_t killed = ::fork();
    if (killed == 0) {
        const auto left = Scratch::make_folder(cache, ".abcd.");
        fs::create_directories(left.value().path() / "tree/rootfs/closed");
        fs::permissions(left.value().path() / "tree/rootfs/closed", fs::perms::none);
        ::raise(SIGKILL);
    }
    ::waitpid(killed, nullptr, 0);
    ASSERT_EQ(names().size(), 1U);
    // This one is being filled.
    const auto filled = Scratch::make_folder(cache, ".abcd.").value();
    const fs::path entry = get().value().folder.parent_path();
    EXPECT_THAT(names(), ::testing::UnorderedElementsAre(entry.filename().string(),
                                                         filled.path().filename().string()));
}

TEST_F(UnpackCacheTest, AnEntryThatWasChangedIsRefusedWithTheCure) {
    const auto refused_after = [this](const char* what, auto change) {
        const fs::path entry = get().value().folder.parent_path();
        change(entry);
        const auto again = get();
        ASSERT_FALSE(again) << what;
        EXPECT_EQ(again.error().code, EifError::damaged) << what;
        EXPECT_THAT(again.error().message, ::testing::HasSubstr("rm -rf " + entry.string()))
            << what;
        fs::remove_all(entry);
        EXPECT_FALSE(get().value().was_cached) << what;
    };
    refused_after("a half-removed entry", [](const fs::path& at) { fs::remove(at / "bytes"); });
    refused_after("no seal", [](const fs::path& at) { fs::remove(at / "seal"); });
    refused_after("a removed file",
                  [](const fs::path& at) { fs::remove(at / "tree/rootfs/link"); });
    refused_after("an emptied file",
                  [](const fs::path& at) { fs::resize_file(at / "tree/rootfs/bin/app", 0); });
    refused_after("another mode", [](const fs::path& at) {
        fs::permissions(at / "tree/rootfs/bin/app", fs::perms(0700));
    });
    refused_after("a new file", [](const fs::path& at) {
        write_file(at / "tree/rootfs/new", std::string_view());
    });
}

TEST_F(UnpackCacheTest, AFolderThatOthersMayWriteToIsRefused) {
    fs::create_directories(folder_ / "cache/images");
    fs::permissions(folder_ / "cache/images", fs::perms(0777));
    EXPECT_EQ(get().error().code, EifError::unsafe_path);
}

TEST_F(UnpackCacheTest, ALinkInPlaceOfTheFolderIsRefused) {
    fs::create_directories(folder_ / "cache");
    fs::create_directory_symlink(folder_.path(), folder_ / "cache/images");
    EXPECT_EQ(get().error().code, EifError::unsafe_path);
}

TEST(UnpackCacheFolder, IsTheUsersCache) {
    EXPECT_EQ(UnpackCache::default_folder("/c", "/home/u").value(), "/c/glovebox/images");
    EXPECT_EQ(UnpackCache::default_folder(nullptr, "/home/u").value(),
              "/home/u/.cache/glovebox/images");
    EXPECT_EQ(UnpackCache::default_folder("relative", "/h").value(), "/h/.cache/glovebox/images");
    EXPECT_FALSE(UnpackCache::default_folder(nullptr, nullptr));
}

}  // namespace
}  // namespace glovebox::eif
