// SPDX-License-Identifier: Apache-2.0

#include "sim/eif/tree/ramdisk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstring>

#include "core/base/testing/temporary_directory.h"
#include "core/testing/vectors.h"
#include "sim/eif/base/error.h"
#include "sim/eif/format/image.h"
#include "sim/eif/testing/archive_fixture.h"
#include "sim/eif/testing/test_support.h"

namespace glovebox::eif {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Bytes written(const std::vector<std::pair<CpioEntry, std::string>>& entries) {
    const TemporaryDirectory scratch;
    auto out = OutputFile::create(scratch / "r").value();
    CpioWriter writer(out);
    for (const auto& [entry, content] : entries)
        EXPECT_TRUE(writer.add(entry, as_bytes(content)));
    EXPECT_TRUE(writer.finish());
    EXPECT_TRUE(out.commit());
    return testing::read_file(scratch / "r");
}

CpioEntry entry(std::string name, std::uint32_t mode = S_IFREG | 0644) {
    CpioEntry made;
    made.name = std::move(name);
    made.mode = mode;
    made.mtime = 7;
    return made;
}

Bytes small_archive() {
    return written({{entry("d", S_IFDIR | 0755), ""},
                    {entry("d/f"), "hello"},
                    {entry("l", S_IFLNK | 0777), "d/f"}});
}

struct Read {
    std::vector<std::string> names;
    std::string contents;
    std::optional<Error> error;
};

Read read_all(BytesView ramdisk) {
    Read result;
    RamdiskReader reader(ramdisk);
    for (;;) {
        const auto next = reader.next();
        if (!next) {
            result.error = next.error();
            return result;
        }
        if (!*next)
            return result;
        result.names.push_back((*next)->name);
        Bytes piece(3);
        for (;;) {
            const auto got = reader.read(piece);
            if (!got) {
                result.error = got.error();
                return result;
            }
            if (*got == 0)
                break;
            result.contents += as_text(BytesView(piece).first(*got));
        }
    }
}

Result<FileTree> unpack(BytesView ramdisk, TreeLimits limits = {}) {
    const TemporaryDirectory scratch;
    FileTree tree;
    Spool spool(scratch.path());
    TreeBudget budget(limits);
    if (const auto done = unpack_ramdisk(ramdisk, "ramdisk 1", tree, spool, budget); !done)
        return done.error();
    return tree;
}

std::string content_of(const FileTree& tree, const char* path) {
    const auto bytes = tree.find(path)->content.head(1 << 20, path).value();
    return std::string(as_text(bytes));
}

TEST(Cpio, TheWriterIsFixedToTheByte) {
    const Bytes archive = written({{entry("cmd"), "x\n"}});
    EXPECT_EQ(archive.size(), 512u);
    EXPECT_EQ(as_text(BytesView(archive).first(110 + 4 + 2 + 2)),
              std::string("070701"
                          "000002d1"  // inode 721
                          "000081a4"  // a file, 0644
                          "00000000"
                          "00000000"
                          "00000001"  // one link
                          "00000007"  // time
                          "00000002"  // two bytes
                          "00000003"
                          "00000001"  // device 3:1
                          "00000000"
                          "00000000"
                          "00000004"  // "cmd" and NUL
                          "00000000"
                          "cmd") +
                  std::string(3, '\0') + "x\n");
}

// The judge is another program.
TEST(Cpio, GnuCpioReadsWhatIsWritten) {
    if (!testing::has_program("cpio"))
        GTEST_SKIP() << "cpio is not installed";
    const TemporaryDirectory scratch;
    testing::write_file(scratch / "r", small_archive());
    EXPECT_EQ(
        testing::shell("cd " + scratch.path() +
                       " && cpio -i --quiet < r && cat d/f && readlink l && cpio -it --quiet < r"),
        "hellod/f\nd\nd/f\nl\n");
}

TEST(Cpio, WhatGnuCpioWritesIsRead) {
    if (!testing::has_program("cpio"))
        GTEST_SKIP() << "cpio is not installed";
    const TemporaryDirectory scratch;
    testing::shell(
        "cd " + scratch.path() +
        " && mkdir -p s/d && printf hello > s/d/f && ln s/d/f s/hard && ln -s d/f s/l && cd s "
        "&& find . | LC_ALL=C sort | cpio -o -H newc --quiet > ../r");
    const Bytes archive = testing::read_file(scratch / "r");
    const FileTree tree = unpack(archive).value();
    EXPECT_EQ(content_of(tree, "d/f"), "hello");
    EXPECT_EQ(tree.find("d/f"), tree.find("hard"));
    EXPECT_EQ(tree.find("l")->target, "d/f");
}

TEST(Ramdisk, EntriesComeInTheirOrderWithTheirContent) {
    const Read read = read_all(small_archive());
    EXPECT_FALSE(read.error);
    EXPECT_THAT(read.names, ElementsAre("d", "d/f", "l"));
    EXPECT_EQ(read.contents, "hellod/f");
}

TEST(Ramdisk, ArchivesInARowAreRead) {
    Bytes two = small_archive();
    two.insert(two.end(), 1000, 0);
    const Bytes second = written({{entry("z"), "!"}});
    two.insert(two.end(), second.begin(), second.end());
    EXPECT_THAT(read_all(two).names, ElementsAre("d", "d/f", "l", "z"));
    // A compressed one behind a plain one: microcode comes first on many machines.
    const std::string packed = testing::gzip(second);
    Bytes mixed = small_archive();
    mixed.insert(mixed.end(), packed.begin(), packed.end());
    EXPECT_THAT(read_all(mixed).names, ElementsAre("d", "d/f", "l", "z"));
}

TEST(Ramdisk, EveryCompressionOfTheKernelIsRead) {
    const TemporaryDirectory scratch;
    testing::write_file(scratch / "r", small_archive());
    const auto pack = [&](const std::string& program, const std::string& options) {
        if (!testing::has_program(program)) {
            std::cerr << "  (not tried, " << program << " is not installed)\n";
            return;
        }
        testing::shell("cd " + scratch.path() + " && " + program + " " + options + " < r > packed");
        const Bytes packed = testing::read_file(scratch / "packed");
        EXPECT_THAT(read_all(packed).names, ElementsAre("d", "d/f", "l")) << program;
        EXPECT_EQ(content_of(unpack(packed).value(), "d/f"), "hello") << program;
    };
    pack("gzip", "-9");
    pack("bzip2", "-9");
    pack("xz", "--check=crc32");
    pack("xz", "--format=lzma");
    pack("lz4", "-l");
    pack("zstd", "-q");
}

// What libarchive reads, and no kernel.
TEST(Ramdisk, WhatNoKernelReadsIsRefused) {
    const TemporaryDirectory scratch;
    testing::write_file(scratch / "r", small_archive());
    const auto refused = [&](const char* program, const char* options) {
        if (!testing::has_program(program))
            return std::string("(not tried)");
        testing::shell("cd " + scratch.path() + " && " + program + " " + options + " < r > packed");
        return read_all(testing::read_file(scratch / "packed")).error.value().message;
    };
    EXPECT_THAT(refused("xz", "-c"), AnyOf("(not tried)", HasSubstr("byte 0: xz with another")));
    EXPECT_THAT(refused("xz", "-c --check=sha256"),
                AnyOf("(not tried)", HasSubstr("xz --check=crc32")));
    EXPECT_THAT(refused("lz4", "-c"), AnyOf("(not tried)", HasSubstr("byte 0: lz4's frame form")));
}

// init/initramfs.c makes no folder on the way, and says nothing.
TEST(Ramdisk, WhatIsInNoFolderIsLeftOut) {
    const Bytes archive = written({{entry("lost/f"), "hello"},
                                   {entry("dev/null"), "there before"},
                                   {entry("d", S_IFDIR | 0755), ""},
                                   {entry("d/f"), "hello"},
                                   {entry("d/e/f"), "hello"}});
    const TemporaryDirectory scratch;
    FileTree tree;
    Spool spool(scratch.path());
    TreeBudget budget({});
    LeftOut left_out;
    ASSERT_TRUE(unpack_ramdisk(archive, "r", tree, spool, budget, no_progress(), &left_out));
    EXPECT_FALSE(tree.find("lost"));
    EXPECT_FALSE(tree.find("d/e"));
    EXPECT_EQ(content_of(tree, "d/f"), "hello");
    EXPECT_EQ(content_of(tree, "dev/null"), "there before");
    EXPECT_EQ(left_out.count(), 2U);
    EXPECT_EQ(left_out.sentence(),
              "the kernel skips 2 of the ramdisks' entries, because no earlier entry makes their "
              "folder: lost/f, d/e/f");
}

// The kernel would link them to the name that it skipped.
TEST(Ramdisk, FurtherNamesOfWhatIsLeftOutAreLeftOut) {
    const TemporaryDirectory scratch;
    testing::shell("cd " + scratch.path() +
                   " && mkdir lost d && echo hello > lost/a && ln lost/a d/b && ln lost/a d/c && "
                   "printf 'd\\nd/b\\nlost/a\\nd/c\\n' | cpio -o -H newc --quiet > r");
    // cpio keeps the names of a file until it has the last, and writes them backward before it.
    FileTree tree;
    Spool spool(scratch.path());
    TreeBudget budget({});
    LeftOut left_out;
    const Bytes archive = testing::read_file(scratch / "r");
    ASSERT_TRUE(unpack_ramdisk(archive, "r", tree, spool, budget, no_progress(), &left_out));
    EXPECT_TRUE(tree.find("d"));
    EXPECT_FALSE(tree.find("d/b"));
    EXPECT_EQ(left_out.count(), 3U);
}

TEST(Ramdisk, EveryTruncationIsAnErrorOrLosesOnlyPadding) {
    const Bytes whole = small_archive();
    for (std::size_t size = 1; size < whole.size(); ++size) {
        const Read read = read_all(BytesView(whole).first(size));
        if (!read.error)
            EXPECT_EQ(read.contents, "hellod/f") << size;
        else
            EXPECT_THAT(read.error->message, HasSubstr("byte ")) << size;
    }
    const std::string packed = testing::gzip(whole);
    for (std::size_t size = 1; size < packed.size(); ++size) {
        const Read read = read_all(as_bytes(packed).first(size));
        EXPECT_TRUE(read.error || read.contents == "hellod/f") << size;
    }
}

TEST(Ramdisk, DamageIsNamedWithItsPlace) {
    Bytes archive = small_archive();
    archive[112] = 'x';  // the second entry's magic: "0x0701"
    archive[113] = 'x';
    EXPECT_THAT(read_all(archive).error->message, HasSubstr("cpio archive, byte 112: no entry"));
    archive = small_archive();
    archive[20] = 'g';
    EXPECT_THAT(read_all(archive).error->message,
                HasSubstr("byte 0: an entry's header holds other"));
    archive = small_archive();
    std::memcpy(&archive[6 + 8 * 11], "ffffffff", 8);
    EXPECT_THAT(read_all(archive).error->message, HasSubstr("a name of 4294967295 bytes"));
    archive = small_archive();
    std::memcpy(&archive[6 + 8 * 6], "ffffffff", 8);
    EXPECT_THAT(read_all(archive).error->message, HasSubstr("bytes before the entry does"));
    archive = small_archive();
    std::memcpy(archive.data(), "070707", 6);
    EXPECT_THAT(read_all(archive).error->message, HasSubstr("cpio -H newc"));
    EXPECT_THAT(read_all(as_bytes("nothing")).error->message, HasSubstr("neither a cpio archive"));
    const std::string junk = testing::gzip(as_bytes("070701, but no more"));
    EXPECT_THAT(read_all(as_bytes(junk)).error->message, HasSubstr("inside an entry's header"));
}

TEST(Ramdisk, LaterEntriesReplaceEarlierOnes) {
    const Bytes archive = written({{entry("a"), "first"},
                                   {entry("t", S_IFDIR | 01777), ""},
                                   {entry("t/x"), "kept"},
                                   {entry("a"), "second"},
                                   {entry("t", S_IFDIR | 0755), ""}});
    const FileTree tree = unpack(archive).value();
    EXPECT_EQ(content_of(tree, "a"), "second");
    EXPECT_EQ(tree.find("t")->permissions, 0755u);
    EXPECT_EQ(content_of(tree, "t/x"), "kept");
}

TEST(Ramdisk, NothingLeadsOutOfTheTree) {
    EXPECT_EQ(unpack(written({{entry("../x"), ""}})).error().code, EifError::unsafe_path);
    EXPECT_EQ(unpack(written({{entry("a/../../x"), ""}})).error().code, EifError::unsafe_path);
    const Bytes archive = written({{entry("etc", S_IFDIR | 0755), ""},
                                   {entry("usr", S_IFDIR | 0755), ""},
                                   {entry("/etc/x"), "absolute"},
                                   {entry("out", S_IFLNK | 0777), "/../../usr"},
                                   {entry("out/y"), "through a link"}});
    const FileTree tree = unpack(archive).value();
    EXPECT_EQ(content_of(tree, "etc/x"), "absolute");
    EXPECT_EQ(content_of(tree, "usr/y"), "through a link");
}

TEST(Ramdisk, ABombEndsAtTheLimit) {
    const std::string zeroes(8 << 20, '\0');
    const std::string bomb = testing::gzip(written({{entry("zeroes"), zeroes}}));
    EXPECT_LT(bomb.size(), 20'000u);
    const auto tree = unpack(as_bytes(bomb), {.content_max = 1 << 20});
    ASSERT_FALSE(tree);
    EXPECT_EQ(tree.error().code, EifError::limit_exceeded);
    EXPECT_THAT(tree.error().message, AllOf(HasSubstr("zeroes"), HasSubstr("1048576")));
}

TEST(Ramdisk, LinkTargetsCountAsNames) {
    const std::string target(4000, 'a');
    std::vector<std::pair<CpioEntry, std::string>> links;
    for (int i = 0; i < 10; ++i)
        links.emplace_back(entry("link" + std::to_string(i), S_IFLNK | 0777), target);
    EXPECT_TRUE(unpack(written(links), {.names_max = 10 * 4010}).has_value());
    const auto tree = unpack(written(links), {.names_max = 9 * 4010});
    ASSERT_FALSE(tree);
    EXPECT_EQ(tree.error().code, EifError::limit_exceeded);
}

TEST(Ramdisk, RealOnesAreRead) {
    const auto folder = test_vectors("eif");
    if (!folder)
        GTEST_SKIP() << no_test_vectors;
    const Bytes file = testing::read_file(*folder / "v3-three-ramdisks.eif");
    const Image image = Image::parse(file).value();
    EXPECT_THAT(read_all(image.ramdisks()[0]).names, ElementsAre(".", "etc", "etc/x"));
    EXPECT_EQ(unpack(image.ramdisks()[2]).value().find("usr/blob")->content.size(), 50000u);
}

}  // namespace
}  // namespace glovebox::eif
