// SPDX-License-Identifier: Apache-2.0

#include "sim/eif/unpack/measured_files.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <fstream>

#include "core/base/testing/temporary_directory.h"
#include "core/base/unique_fd.h"
#include "sim/eif/build/builder.h"
#include "sim/eif/testing/test_support.h"

namespace glovebox::eif {
namespace {

namespace fs = std::filesystem;
using testing::write_file;

// Counts what is hashed.
class CountingProgress final : public Progress {
  public:
    void begin(std::string_view, std::optional<std::uint64_t>) override { ++begun; }
    void add(std::uint64_t) override {}
    void end() override {}

    int begun = 0;
};

class MeasuredFilesTest : public ::testing::Test {
  protected:
    void SetUp() override {
        struct statfs status {};
        ASSERT_EQ(::statfs(path_.c_str(), &status), 0);
        const auto magic = static_cast<std::uint32_t>(status.f_type);
        if (magic == TMPFS_MAGIC || magic == OVERLAYFS_SUPER_MAGIC)
            GTEST_SKIP() << "the temporary folder is on tmpfs or overlayfs, where nothing is noted:"
                            " set TMPDIR to a folder on a disk";
    }

    MeasuredFilesTest() {
        write_file(folder_ / "kernel", std::string_view("kernel"));
        write_file(folder_ / "init", std::string_view("init"));
        fs::create_directories(folder_ / "root/bin");
        write_file(folder_ / "root/bin/app", std::string_view("program"));
        BuildOptions options;
        options.kernel = folder_ / "kernel";
        options.init = folder_ / "init";
        options.rootfs = folder_ / "root";
        options.command = {"/bin/app"};
        options.architecture = Architecture::x86_64;
        options.output = path_;
        pcr0_ = build_image(options).value().pcrs.pcr0;
        let_age();
    }

    void let_age() { clock_.set(SystemClock().now() + std::chrono::seconds(10)); }

    // PCR0, and whether the file was read for it.
    std::pair<Pcr, bool> measure() {
        const auto file = MappedFile::open(path_).value();
        const auto image = Image::parse(file.bytes()).value();
        CountingProgress progress;
        const auto measured =
            MeasuredFiles(folder_ / "cache/measured", clock_).measure(image, file, path_, progress);
        return {measured.pcrs.pcr0, progress.begun > 0};
    }

    // A byte within the kernel: the sections' sizes stay.
    void change_a_byte() {
        std::fstream image(path_, std::ios::in | std::ios::out | std::ios::binary);
        const std::string bytes((std::istreambuf_iterator<char>(image)), {});
        image.clear();
        image.seekp(static_cast<std::streamoff>(bytes.find("kernel")));
        image.put('K');
    }

    // The image as a program has it that writes to memory; the kernel knows its page as dirty.
    static char* map_and_write(const fs::path& path) {
        const UniqueFd file(::open(path.c_str(), O_RDWR | O_CLOEXEC));
        void* const at =
            ::mmap(nullptr, fs::file_size(path), PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
        char* const kernel =
            at == MAP_FAILED ? nullptr
                             : static_cast<char*>(::memmem(at, fs::file_size(path), "kernel", 6));
        if (kernel != nullptr)
            *kernel = 'k';
        return kernel;
    }

    TemporaryDirectory folder_;
    fs::path path_ = folder_ / "app.eif";
    ManualClock clock_{TimePoint{}};
    Pcr pcr0_{};
};

TEST_F(MeasuredFilesTest, ReadsAFileOnce) {
    EXPECT_EQ(measure(), std::pair(pcr0_, true));
    EXPECT_EQ(measure(), std::pair(pcr0_, false));
    const auto file = MappedFile::open(path_).value();
    const auto image = Image::parse(file.bytes()).value();
    const auto noted =
        MeasuredFiles(folder_ / "cache/measured", clock_).measure(image, file, path_);
    const auto measured = measure_content(image);
    EXPECT_EQ(noted.pcrs, measured.pcrs);
    EXPECT_EQ(noted.crc32, measured.crc32);
}

TEST_F(MeasuredFilesTest, ReadsAFileAgainThatChanged) {
    static_cast<void>(measure());
    change_a_byte();
    let_age();
    const auto [changed, was_read] = measure();
    EXPECT_TRUE(was_read);
    EXPECT_NE(changed, pcr0_);
    EXPECT_EQ(measure(), std::pair(changed, false));
}

// utimensat(2) gives the old time of modification, and changes that of change.
TEST_F(MeasuredFilesTest, IsNotDeceivedByATimeOfModificationSetBack) {
    static_cast<void>(measure());
    struct stat before {};
    ASSERT_EQ(::stat(path_.c_str(), &before), 0);
    change_a_byte();
    const std::array times{before.st_atim, before.st_mtim};
    ASSERT_EQ(::utimensat(AT_FDCWD, path_.c_str(), times.data(), 0), 0);
    const auto [changed, was_read] = measure();
    EXPECT_TRUE(was_read);
    EXPECT_NE(changed, pcr0_);
}

TEST_F(MeasuredFilesTest, ReadsAFileAgainThatChangedInTheMemoryOfAProgram) {
    char* const kernel = map_and_write(path_);
    ASSERT_NE(kernel, nullptr);
    let_age();
    EXPECT_EQ(measure(), std::pair(pcr0_, true));
    EXPECT_EQ(measure(), std::pair(pcr0_, false));
    *kernel = 'K';
    const auto [changed, was_read] = measure();
    EXPECT_TRUE(was_read);
    EXPECT_NE(changed, pcr0_);
}

// tmpfs does not tell of such a change.
TEST_F(MeasuredFilesTest, ReadsAFileInMemoryEachTime) {
    struct statfs status {};
    if (::statfs("/dev/shm", &status) != 0 || status.f_type != TMPFS_MAGIC ||
        ::access("/dev/shm", W_OK) != 0)
        GTEST_SKIP() << "/dev/shm is no tmpfs that this user can write to";
    const TemporaryDirectory memory("/dev/shm");
    fs::copy_file(path_, memory / "app.eif");
    path_ = memory / "app.eif";
    let_age();
    EXPECT_EQ(measure(), std::pair(pcr0_, true));
    EXPECT_EQ(measure(), std::pair(pcr0_, true));
}

// A change within the same tick of the file system's clock would not be seen.
TEST_F(MeasuredFilesTest, DoesNotNoteAFileThatHasJustChanged) {
    struct stat status {};
    ASSERT_EQ(::stat(path_.c_str(), &status), 0);
    clock_.set(TimePoint(std::chrono::seconds(status.st_ctim.tv_sec) +
                         std::chrono::milliseconds(status.st_ctim.tv_nsec / 1'000'000 + 20)));
    EXPECT_TRUE(measure().second);
    EXPECT_TRUE(measure().second);
}

TEST_F(MeasuredFilesTest, ReadsAFileAgainWhoseNoteIsNotWhole) {
    static_cast<void>(measure());
    for (const auto& note : fs::directory_iterator(folder_ / "cache/measured"))
        fs::resize_file(note.path(), fs::file_size(note.path()) - 12);
    EXPECT_EQ(measure(), std::pair(pcr0_, true));
}

TEST_F(MeasuredFilesTest, TrustsNoFolderThatOthersMayWriteTo) {
    static_cast<void>(measure());
    ASSERT_EQ(::chmod((folder_ / "cache/measured").c_str(), 0777), 0);
    EXPECT_EQ(measure(), std::pair(pcr0_, true));
}

TEST_F(MeasuredFilesTest, AnotherFileAtThePathIsRead) {
    static_cast<void>(measure());
    fs::copy_file(path_, folder_ / "other.eif");
    fs::rename(folder_ / "other.eif", path_);
    EXPECT_EQ(measure(), std::pair(pcr0_, true));
}

}  // namespace
}  // namespace glovebox::eif
