// SPDX-License-Identifier: Apache-2.0

#include "sim/eif/unpack/unpack_cache.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <set>

#include "core/base/scratch.h"
#include "core/base/testing/temporary_directory.h"
#include "sim/eif/base/error.h"
#include "sim/eif/build/builder.h"
#include "sim/eif/testing/test_support.h"
#include "sim/eif/unpack/measured_files.h"

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
        options.keep_owners = keep_owners_;
        pcr0_ = build_image(options).value().pcrs.pcr0;
    }

    Result<UnpackedImage> get(const Pcr& pcr0) {
        const auto file = MappedFile::open(folder_ / "app.eif").value();
        const auto image = Image::parse(file.bytes()).value();
        return UnpackCache(folder_ / "cache/images").get(image, pcr0, [&image] {
            return measure_content(image).pcrs.pcr0;
        });
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
    bool keep_owners_ = false;
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

TEST_F(UnpackCacheTest, RootKeepsTheOwnersOfTheImageAndOthersHaveAllFiles) {
    const bool is_root = ::geteuid() == 0;
    if (is_root) {
        ASSERT_EQ(::chown((folder_ / "root/bin/app").c_str(), 1234, 1235), 0);
    }
    keep_owners_ = true;
    build();
    struct stat status {};
    ASSERT_EQ(::stat((get().value().root() / "bin/app").c_str(), &status), 0);
    EXPECT_EQ(status.st_uid, is_root ? 1234U : ::geteuid());
    EXPECT_EQ(status.st_gid, is_root ? 1235U : ::getegid());
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

class RecordedProgress final : public Progress {
  public:
    void begin(std::string_view what, std::optional<std::uint64_t>) override {
        steps.emplace_back(what);
    }
    void add(std::uint64_t) override {}
    void end() override {}

    std::vector<std::string> steps;
};

// Its first start reads it once for its measurements, where the file system tells of changes.
TEST_F(UnpackCacheTest, AnImageIsMeasuredOnceAndHashedOnce) {
    struct statfs status {};
    ASSERT_EQ(::statfs(folder_.path().c_str(), &status), 0);
    const auto magic = static_cast<std::uint32_t>(status.f_type);
    if (magic == TMPFS_MAGIC || magic == OVERLAYFS_SUPER_MAGIC)
        GTEST_SKIP() << "the temporary folder is on tmpfs or overlayfs, where no image is noted as "
                        "measured: set TMPDIR to a folder on a disk";
    const fs::path path = folder_ / "app.eif";
    const auto file = MappedFile::open(path).value();
    const auto image = Image::parse(file.bytes()).value();
    const ManualClock clock(SystemClock().now() + std::chrono::seconds(10));
    const MeasuredFiles measured(folder_ / "cache/measured", clock);
    const auto steps_of_a_start = [&] {
        RecordedProgress progress;
        const auto pcr0 = [&] { return measured.measure(image, file, path, progress).pcrs.pcr0; };
        EXPECT_TRUE(UnpackCache(folder_ / "cache/images").get(image, pcr0(), pcr0, {}, progress));
        return progress.steps;
    };
    EXPECT_THAT(steps_of_a_start(),
                ::testing::ElementsAre("measuring", "unpacking", "writing the files of"));
    EXPECT_THAT(steps_of_a_start(), ::testing::IsEmpty());
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

// Each changes one byte of the program and leaves its size, mode, and time of modification as they
// were: what a start that looks at these alone would miss.
TEST_F(UnpackCacheTest, AChangedByteIsFoundThoughTheTimeWasSetBack) {
    const auto refused_after = [this](const char* what, auto change) {
        const fs::path program = get().value().root() / "bin/app";
        struct stat before {};
        ASSERT_EQ(::stat(program.c_str(), &before), 0);
        change(program);
        const timespec times[2] = {before.st_atim, before.st_mtim};
        ASSERT_EQ(::utimensat(AT_FDCWD, program.c_str(), times, 0), 0);
        struct stat behind {};
        ASSERT_EQ(::stat(program.c_str(), &behind), 0);
        EXPECT_EQ(behind.st_size, before.st_size) << what;
        EXPECT_EQ(behind.st_mode, before.st_mode) << what;
        EXPECT_EQ(behind.st_mtim.tv_nsec, before.st_mtim.tv_nsec) << what;
        const auto again = get();
        ASSERT_FALSE(again) << what;
        EXPECT_EQ(again.error().code, EifError::damaged) << what;
        fs::remove_all(folder_ / "cache/images");
    };
    // An immediate change: the file system's clock may not have gone on since the unpacking.
    refused_after("written to", [](const fs::path& program) {
        const UniqueFd file(::open(program.c_str(), O_WRONLY | O_CLOEXEC));
        EXPECT_EQ(::pwrite(file.get(), "P", 1, 0), 1);
        EXPECT_EQ(::fchmod(file.get(), 04755), 0) << "a write takes the set-user-ID bit away";
    });
    refused_after("written to by a mapping", [](const fs::path& program) {
        const UniqueFd file(::open(program.c_str(), O_RDWR | O_CLOEXEC));
        void* const mapped =
            ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
        ASSERT_NE(mapped, MAP_FAILED);
        *static_cast<char*>(mapped) = 'P';
        ::munmap(mapped, 4096);
        EXPECT_EQ(::fchmod(file.get(), 04755), 0);
    });
    refused_after("another file of its name", [](const fs::path& program) {
        write_file(program.parent_path() / "other", std::string_view("Program"));
        ::chmod((program.parent_path() / "other").c_str(), 04755);
        fs::rename(program.parent_path() / "other", program);
        // The folder's time, too.
        const timespec folder[2] = {{default_source_date, 0}, {default_source_date, 0}};
        EXPECT_EQ(::utimensat(AT_FDCWD, program.parent_path().c_str(), folder, 0), 0);
    });
}

TEST_F(UnpackCacheTest, ACopyWithTheSameContentIsSealedAgain) {
    const fs::path entry = get().value().folder.parent_path();
    const Bytes seal = testing::read_file(entry / "seal");
    // A backup that was restored: other inodes, other times of change.
    const fs::path copy = folder_ / "copy";
    ASSERT_EQ(std::system(("cp -a " + entry.string() + " " + copy.string()).c_str()), 0);
    fs::remove_all(entry);
    fs::rename(copy, entry);
    EXPECT_TRUE(get().value().was_cached);
    const Bytes second_seal = testing::read_file(entry / "seal");
    EXPECT_NE(second_seal, seal);
    EXPECT_TRUE(get().value().was_cached);
    EXPECT_EQ(testing::read_file(entry / "seal"), second_seal) << "it holds the second time";
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
