// SPDX-License-Identifier: Apache-2.0

#include "sim/eif/format/image.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "sim/eif/base/error.h"
#include "sim/eif/format/measurement.h"
#include "sim/eif/testing/test_support.h"

namespace glovebox::eif {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::make_image;
using testing::part;
using testing::set_header;
using testing::small_image;
using testing::some_metadata;
using Effect = Finding::Effect;

constexpr std::uint64_t two_to_63 = std::uint64_t{1} << 63;

// Every sentence of one effect, joined.
std::string sentences(const Image& image, Effect effect) {
    std::string joined;
    for (const Finding& finding : image.findings())
        if (finding.effect == effect)
            joined += finding.sentence + "\n";
    return joined;
}

TEST(Image, ARightImageHasItsSectionsAndNoFindings) {
    const Bytes file = small_image();
    const Image image = Image::parse(file).value();
    EXPECT_TRUE(image.findings().empty());
    ASSERT_EQ(image.sections().size(), 5u);
    EXPECT_EQ(as_text(image.find(SectionType::kernel)->data), "K");
    EXPECT_EQ(as_text(image.find(SectionType::cmdline)->data), "C");
    EXPECT_EQ(image.ramdisks().size(), 2u);
    EXPECT_FALSE(image.is_signed());
    EXPECT_EQ(image.name_of(4), "section 5 (ramdisk 1) at offset 794");
    EXPECT_EQ(image.header().crc32, image_crc32(file));
}

TEST(Image, TheArchitectureIsBitZeroOfTheFlags) {
    Header header;
    EXPECT_EQ(header.architecture(), Architecture::x86_64);
    header.flags = 1;
    EXPECT_EQ(header.architecture(), Architecture::aarch64);
}

TEST(Image, HeadersSurviveEncodingAndDecoding) {
    Header header;
    header.version = 3;
    header.flags = 0x8001;
    header.default_mem = two_to_63;
    header.num_sections = 32;
    header.section_offsets[31] = 0x0102030405060708;
    header.section_sizes[31] = std::numeric_limits<std::uint64_t>::max();
    header.crc32 = 0xdeadbeef;
    const Header again = Header::decode(header.encode());
    EXPECT_EQ(again.encode(), header.encode());
    EXPECT_EQ(again.section_offsets[31], 0x0102030405060708u);
    EXPECT_EQ(header.encode()[0x114], 0x01);
}

// The heart of "checked before use": no prefix of an image is read beyond its end (the sanitizers
// watch), and each is refused with a sentence, or read with the loss as a finding.
TEST(Image, EveryTruncationIsRefusedOrNamed) {
    const Bytes whole = small_image();
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const Bytes file(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
        const auto image = Image::parse(file);
        if (size < header_size) {
            ASSERT_FALSE(image) << size;
            EXPECT_EQ(image.error().code, EifError::not_an_image);
        } else if (image) {
            EXPECT_TRUE(image->has(Effect::will_not_boot)) << size;
        } else {
            EXPECT_EQ(image.error().code, EifError::damaged);
            EXPECT_THAT(image.error().message, AllOf(HasSubstr("section "), HasSubstr("offset ")));
        }
    }
}

TEST(Image, ACutSectionIsNamedWithItsOffset) {
    Bytes file = small_image();
    file.resize(600);
    EXPECT_THAT(Image::parse(file).error().message,
                HasSubstr("section 3 (metadata) at offset 574 claims 195 bytes of data, but only "
                          "14 bytes follow it"));
}

TEST(Image, AFileWithoutMagicThatHoldsNoSectionsIsNoImage) {
    const auto image = Image::parse(Bytes(4096, 0x7f));
    ASSERT_FALSE(image);
    EXPECT_EQ(image.error().code, EifError::not_an_image);
    EXPECT_THAT(image.error().message, HasSubstr("starts with 7f7f7f7f"));
}

TEST(Image, SectionSizesAtTheirLimitsAreRefused) {
    for (const std::uint64_t size : {std::uint64_t{2}, two_to_63 - 1, two_to_63, two_to_63 + 1,
                                     std::numeric_limits<std::uint64_t>::max() - 11,
                                     std::numeric_limits<std::uint64_t>::max()}) {
        Bytes file = small_image();
        Header header = Header::decode(file);
        const auto field =
            SectionHeader{.type = 3, .size = size}.encode();  // the last section: ramdisk "B"
        std::copy(field.begin(), field.end(), file.end() - 13);
        header.section_sizes[4] = size;
        set_header(file, header);
        const auto image = Image::parse(file);
        ASSERT_FALSE(image) << size;
        EXPECT_THAT(image.error().message, HasSubstr("(ramdisk) at offset 794"));
    }
}

TEST(Image, TableOffsetsAtTheirLimitsDoNotBoot) {
    for (const std::uint64_t offset :
         {std::uint64_t{0}, std::uint64_t{547}, std::uint64_t{806}, std::uint64_t{807}, two_to_63,
          std::numeric_limits<std::uint64_t>::max(),
          std::numeric_limits<std::uint64_t>::max() - 11}) {
        Bytes file = small_image();
        Header header = Header::decode(file);
        header.section_offsets[4] = offset;
        set_header(file, header);
        // AWS's tools ignore the table, so the image is still read.
        const Image image = Image::parse(file).value();
        EXPECT_THAT(sentences(image, Effect::will_not_boot), HasSubstr("by the header's table"))
            << offset;
    }
}

TEST(Image, ATableThatDisagreesOnASizeDoesNotBoot) {
    Bytes file = small_image();
    Header header = Header::decode(file);
    header.section_sizes[0] = two_to_63;
    set_header(file, header);
    EXPECT_THAT(sentences(Image::parse(file).value(), Effect::will_not_boot),
                HasSubstr("has 1 bytes by its own header, but 9223372036854775808"));
}

TEST(Image, OverlappingSectionsDoNotBoot) {
    // The cmdline's data holds a section header of its own, to which the table points as well.
    Bytes inner(20, 'x');
    const auto hidden = SectionHeader{.type = 3, .size = 4}.encode();
    std::copy(hidden.begin(), hidden.end(), inner.begin());
    Bytes file = make_image({part(SectionType::kernel, "K"),
                             {SectionType::cmdline, inner},
                             part(SectionType::metadata, some_metadata)});
    Header header = Header::decode(file);
    header.section_offsets[3] = header.section_offsets[1] + section_header_size;
    header.section_sizes[3] = 4;
    header.num_sections = 4;
    set_header(file, header);
    EXPECT_THAT(sentences(Image::parse(file).value(), Effect::will_not_boot),
                HasSubstr("overlaps the cmdline section at offset 561"));
}

TEST(Image, MoreThan32SectionsDoNotFitTheTable) {
    Bytes file = small_image();
    Header header = Header::decode(file);
    header.num_sections = 65535;
    set_header(file, header);
    EXPECT_THAT(sentences(Image::parse(file).value(), Effect::will_not_boot),
                HasSubstr("counts 65535 sections"));
}

TEST(Image, AGapBootsAndAwsToolsRefuseIt) {
    Bytes file = small_image();
    Header header = Header::decode(file);
    // 16 bytes of 0xff between metadata and the first ramdisk.
    const auto at = static_cast<std::ptrdiff_t>(header.section_offsets[3]);
    file.insert(file.begin() + at, 16, 0xff);
    header.section_offsets[3] += 16;
    header.section_offsets[4] += 16;
    set_header(file, header);
    const Image image = Image::parse(file).value();
    EXPECT_FALSE(image.has(Effect::will_not_boot));
    EXPECT_THAT(sentences(image, Effect::aws_tools_refuse), HasSubstr("has type 65535"));
    // What is measured is what is loaded.
    const Bytes right = small_image();
    EXPECT_EQ(measure_content(image).pcrs, measure_content(Image::parse(right).value()).pcrs);
}

TEST(Image, UpToElevenTrailingBytesAreLeftOutOfTheCrcByAwsTools) {
    Bytes file = small_image();
    const std::uint32_t crc = image_crc32(file);
    file.insert(file.end(), 11, 0x00);
    const Image image = Image::parse(file).value();
    EXPECT_THAT(sentences(image, Effect::unusual), HasSubstr("11 bytes follow the last section"));
    EXPECT_EQ(measure_content(image).crc32, crc);
    file.push_back(0x00);  // the twelfth makes a section header of type 0
    EXPECT_THAT(sentences(Image::parse(file).value(), Effect::aws_tools_refuse),
                HasSubstr("section 6 at offset 807 has type 0"));
}

TEST(Image, WhatOnlyAwsReaderLetsPassIsTold) {
    struct Case {
        std::vector<testing::Part> parts;
        std::uint16_t version;
        const char* sentence;
    };
    const auto kernel = part(SectionType::kernel, "K");
    const auto cmdline = part(SectionType::cmdline, "C");
    const auto metadata = part(SectionType::metadata, some_metadata);
    const auto ramdisk = part(SectionType::ramdisk, "A");
    const auto signature = part(SectionType::signature, "s");
    for (const Case& each : std::vector<Case>{
             {{kernel, kernel, cmdline, metadata, ramdisk}, 4, "2 kernel sections"},
             {{kernel, cmdline, cmdline, metadata, ramdisk}, 4, "2 cmdline sections"},
             {{kernel, metadata, ramdisk}, 4, "0 cmdline sections"},
             {{cmdline, metadata, ramdisk}, 4, "stands before the kernel"},
             {{ramdisk, kernel, cmdline, metadata}, 4, "stands before the kernel"},
             {{kernel, cmdline, ramdisk}, 4, "needs a metadata section"},
             {{kernel, cmdline, metadata, metadata}, 4, "2 metadata sections"},
             {{kernel, cmdline, ramdisk, signature}, 2, "version 2 has no signature section"},
             {{kernel, cmdline, ramdisk}, 1, "version 1 (offset 4)"},
             {{kernel, cmdline, metadata, ramdisk}, 5, "version 5 (offset 4)"},
             {{kernel, cmdline, ramdisk, {SectionType::signature, Bytes(32769)}},
              3,
              "32769 bytes: 32768 at most"},
             {{kernel, part(SectionType::cmdline, "a\nb"), metadata}, 4, "a NUL or a newline"},
         }) {
        Header header;
        header.version = each.version;
        const Bytes file = make_image(each.parts, header);
        EXPECT_THAT(sentences(Image::parse(file).value(), Effect::will_not_boot),
                    HasSubstr(each.sentence));
    }
}

TEST(Image, Versions2And3NeedNoMetadata) {
    for (const std::uint16_t version : {2, 3}) {
        Header header;
        header.version = version;
        const Bytes file =
            make_image({part(SectionType::kernel, "K"), part(SectionType::cmdline, ""),
                        part(SectionType::ramdisk, "A")},
                       header);
        EXPECT_TRUE(Image::parse(file).value().findings().empty());
    }
}

TEST(Image, OddButHarmlessFieldsAreUnusual) {
    Bytes file = small_image();
    Header header = Header::decode(file);
    header.flags = 0x8000;
    header.reserved = 1;
    header.section_sizes[31] = 5;
    set_header(file, header);
    const Image image = Image::parse(file).value();
    EXPECT_FALSE(image.has(Effect::will_not_boot));
    EXPECT_THAT(sentences(image, Effect::unusual),
                AllOf(HasSubstr("flags 0x8000"), HasSubstr("reserved"), HasSubstr("slot 31")));
}

}  // namespace
}  // namespace glovebox::eif
