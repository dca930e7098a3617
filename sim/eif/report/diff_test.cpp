// SPDX-License-Identifier: Apache-2.0

#include "sim/eif/report/diff.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "core/base/testing/temporary_directory.h"
#include "sim/eif/testing/archive_fixture.h"
#include "sim/eif/testing/test_support.h"
#include "sim/eif/tree/cpio.h"
#include "sim/eif/unpack/extract.h"

namespace glovebox::eif {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::part;

struct File {
    std::string name;
    std::string content;
    std::uint32_t mode = S_IFREG | 0644;
    std::uint32_t uid = 0;
    std::uint32_t mtime = 7;
};

Bytes ramdisk(const std::vector<File>& files) {
    const TemporaryDirectory scratch;
    auto out = OutputFile::create(scratch / "r").value();
    CpioWriter writer(out);
    for (const File& file : files) {
        CpioEntry entry;
        entry.name = file.name;
        entry.mode = file.mode;
        entry.uid = file.uid;
        entry.mtime = file.mtime;
        EXPECT_TRUE(writer.add(entry, as_bytes(file.content)));
    }
    EXPECT_TRUE(writer.finish());
    EXPECT_TRUE(out.commit());
    return testing::read_file(scratch / "r");
}

Bytes image_with(const Bytes& second_ramdisk) {
    return testing::make_image({part(SectionType::kernel, "K"),
                                part(SectionType::cmdline, "C"),
                                part(SectionType::metadata, testing::some_metadata),
                                part(SectionType::ramdisk, "A"),
                                {SectionType::ramdisk, second_ramdisk}});
}

Comparison compare(const Bytes& a, const Bytes& b) {
    return compare_images(Image::parse(a).value(), Image::parse(b).value());
}

std::string text(const Comparison& comparison) {
    std::string joined;
    for (const std::string& line : comparison.lines)
        joined += line + "\n";
    return joined;
}

const std::vector<File> base{{"a", "one"}, {"b", "two"}, {"c", "d", S_IFLNK | 0777}};

TEST(Diff, AnImageIsItself) {
    const Bytes a = image_with(ramdisk(base));
    const Comparison same = compare(a, a);
    EXPECT_TRUE(same.same_bytes);
    EXPECT_TRUE(same.same_measurements);
    EXPECT_THAT(same.lines, IsEmpty());
}

TEST(Diff, ChangedFilesAreNamedWithWhatChanged) {
    const Bytes a = image_with(ramdisk(base));
    const Comparison difference = compare(
        a, image_with(
               ramdisk({{"a", "ONE", S_IFREG | 0600, 5}, {"c", "e", S_IFLNK | 0777}, {"d", ""}})));
    EXPECT_FALSE(difference.same_measurements);
    const std::string lines = text(difference);
    EXPECT_THAT(lines, AllOf(HasSubstr("PCR0: "), HasSubstr("PCR2: "),
                             ::testing::Not(HasSubstr("PCR1: "))));
    EXPECT_THAT(lines, HasSubstr("ramdisk 1 (PCR0, PCR2): "));
    EXPECT_THAT(lines, HasSubstr("\"a\": mode 0644 / 0600"));
    EXPECT_THAT(lines, HasSubstr("\"a\": owner 0:0 / 5:0"));
    EXPECT_THAT(lines, HasSubstr("\"a\": content, 3 bytes each"));
    EXPECT_THAT(lines, HasSubstr("\"b\": only in the first"));
    EXPECT_THAT(lines, HasSubstr("\"c\": link to \"d\" / \"e\""));
    EXPECT_THAT(lines, HasSubstr("\"d\": only in the second"));
}

TEST(Diff, ATimeAloneIsNamed) {
    std::vector<File> later = base;
    for (File& file : later)
        file.mtime = 1700000000;
    EXPECT_THAT(
        text(compare(image_with(ramdisk(base)), image_with(ramdisk(later)))),
        HasSubstr(
            "time of \"a\": 1970-01-01T00:00:07Z / 2023-11-14T22:13:20Z, and of 2 more files"));
}

TEST(Diff, AnotherOrderIsNamed) {
    EXPECT_THAT(
        text(compare(image_with(ramdisk(base)), image_with(ramdisk({base[1], base[0], base[2]})))),
        HasSubstr("the same files in another order: entry 1 is \"a\" / \"b\""));
}

TEST(Diff, CompressionAloneIsNamed) {
    const Bytes plain = ramdisk(base);
    const std::string packed = testing::gzip(plain);
    const std::string lines =
        text(compare(image_with(plain), image_with(Bytes(packed.begin(), packed.end()))));
    EXPECT_THAT(lines, AllOf(HasSubstr("packed with: none / gzip"), HasSubstr("packed otherwise")));
}

TEST(Diff, KernelCmdlineAndMissingRamdisksAreNamed) {
    const Bytes a = testing::make_image(
        {part(SectionType::kernel, "K1"), part(SectionType::cmdline, "x"),
         part(SectionType::metadata, testing::some_metadata), part(SectionType::ramdisk, "A")});
    const Bytes b =
        testing::make_image({part(SectionType::kernel, "K2"), part(SectionType::cmdline, "y"),
                             part(SectionType::metadata, testing::some_metadata),
                             part(SectionType::ramdisk, "A"), part(SectionType::ramdisk, "B")});
    const std::string lines = text(compare(a, b));
    EXPECT_THAT(lines,
                AllOf(HasSubstr("kernel (PCR0, PCR1): 2 / 2 bytes\n    they differ from byte 1 on"),
                      HasSubstr("    \"x\"\n    \"y\""),
                      HasSubstr("ramdisk 1 (PCR0, PCR2): only in the second")));
}

TEST(Diff, MetadataMeasuresNothing) {
    const Bytes a = image_with(ramdisk(base));
    std::string other(testing::some_metadata);
    other.replace(other.find("\"n\""), 3, "\"m\"");
    const Bytes b = testing::make_image({part(SectionType::kernel, "K"),
                                         part(SectionType::cmdline, "C"),
                                         part(SectionType::metadata, other),
                                         part(SectionType::ramdisk, "A"),
                                         {SectionType::ramdisk, ramdisk(base)}});
    const Comparison difference = compare(a, b);
    EXPECT_TRUE(difference.same_measurements);
    EXPECT_THAT(text(difference), HasSubstr("metadata (in no PCR)\n    ImageName: \"n\" / \"m\""));
}

TEST(Diff, SectionsInAnotherOrderAreNamed) {
    const Bytes a = testing::make_image(
        {part(SectionType::kernel, "K"), part(SectionType::cmdline, "C"),
         part(SectionType::metadata, testing::some_metadata), part(SectionType::ramdisk, "A")});
    const Bytes b = testing::make_image(
        {part(SectionType::kernel, "K"), part(SectionType::ramdisk, "A"),
         part(SectionType::metadata, testing::some_metadata), part(SectionType::cmdline, "C")});
    EXPECT_THAT(text(compare(a, b)), HasSubstr("stand in another order"));
}

TEST(Diff, ALongListIsCutAndCounted) {
    std::vector<File> many;
    for (int i = 100; i < 200; ++i)
        many.push_back({std::to_string(i), ""});
    const Bytes a = image_with(ramdisk(base));
    const Bytes b = image_with(ramdisk(many));
    const Comparison difference =
        compare_images(Image::parse(a).value(), Image::parse(b).value(), 10);
    EXPECT_THAT(difference.lines, Contains("    ... and 93 more"));
}

TEST(Extract, TakesAnImageApart) {
    const TemporaryDirectory scratch;
    const std::string packed = testing::gzip(ramdisk({{"x", "1", S_IFREG | 04755, 9},
                                                      {"null", "", S_IFCHR | 0666},
                                                      {"l", "/etc", S_IFLNK | 0777},
                                                      {"l/inside", "2"}}));
    const Bytes file = image_with(Bytes(packed.begin(), packed.end()));
    // The first ramdisk is not an archive: extracting it is copying it.
    ASSERT_TRUE(extract_image(Image::parse(file).value(), scratch / "out/", {}));
    EXPECT_EQ(as_text(testing::read_file(scratch / "out/kernel")), "K");
    EXPECT_EQ(as_text(testing::read_file(scratch / "out/ramdisk0.cpio")), "A");
    EXPECT_EQ(as_text(testing::read_file(scratch / "out/ramdisk1.cpio.gz")), packed);
    EXPECT_EQ(as_text(testing::read_file(scratch / "out/metadata.json")), testing::some_metadata);
    EXPECT_THAT(extract_image(Image::parse(file).value(), scratch / "out", {}).error().message,
                HasSubstr("exists already"));
}

TEST(Extract, FilesStayInsideAndWhatCannotBeMadeIsListed) {
    const TemporaryDirectory scratch;
    const Bytes disk = ramdisk({{"x", "1", S_IFREG | 04755, 9},
                                {"null", "", S_IFCHR | 0666},
                                {"l", "/outside", S_IFLNK | 0777},
                                {"outside", "", S_IFDIR | 0755},
                                {"l/inside", "2"},
                                {"lost/\x1b", "3"}});
    const Bytes file = testing::make_image({part(SectionType::kernel, "K"),
                                            part(SectionType::cmdline, "C"),
                                            part(SectionType::metadata, testing::some_metadata),
                                            {SectionType::ramdisk, disk}});
    const auto done =
        extract_image(Image::parse(file).value(), scratch / "out", {.files = true, .limits = {}});
    ASSERT_TRUE(done) << done.error().message;
    const fs::path files = scratch / "out/files";
    EXPECT_EQ(as_text(testing::read_file(files / "outside/inside")), "2");
    EXPECT_TRUE(fs::is_symlink(files / "l"));
    EXPECT_FALSE(fs::exists(files / "null"));
    EXPECT_EQ(fs::status(files / "x").permissions(), fs::perms(0755));  // no set-user-ID
    const Bytes listing = testing::read_file(scratch / "out/files.txt");
    EXPECT_THAT(std::string(as_text(listing)),
                AllOf(HasSubstr("-4755 9:0 1 1970-01-01T00:00:07.000Z x\n"),
                      HasSubstr("c0666 0:0 0,0 "), HasSubstr("l -> /outside\n"),
                      HasSubstr("# the kernel skips 1 of the ramdisks' entries, because no earlier "
                                "entry makes their folder: "
                                "lost/\\x1b\n")));
}

TEST(Extract, ADamagedRamdiskLeavesNothingBehind) {
    const TemporaryDirectory scratch;
    const Bytes file = testing::small_image();
    EXPECT_THAT(
        extract_image(Image::parse(file).value(), scratch / "out", {.files = true, .limits = {}})
            .error()
            .message,
        HasSubstr("section 4 (ramdisk 0) at offset 781: byte 0: neither a cpio archive"));
    EXPECT_TRUE(fs::is_empty(scratch.path()));
}

}  // namespace
}  // namespace glovebox::eif
