// SPDX-License-Identifier: Apache-2.0

#include "sim/eif/format/measurement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "core/crypto/hash.h"
#include "core/testing/vectors.h"
#include "sim/eif/base/mapped_file.h"
#include "sim/eif/report/describe.h"
#include "sim/eif/testing/test_support.h"

namespace glovebox::eif {
namespace {

using testing::make_image;
using testing::part;

// The published example that needs no file: kernel "K", cmdline "C", ramdisks "A" and "B".
TEST(Measurement, TheInTextExampleMeasuresAsPublished) {
    const Bytes file = testing::small_image();
    const Measurements pcrs = measure(Image::parse(file).value()).value();
    EXPECT_EQ(to_hex(pcrs.pcr0).substr(0, 16), "176dafdd71eb3961");
    EXPECT_EQ(to_hex(pcrs.pcr1).substr(0, 16), "e103f92ff96321dc");
    EXPECT_EQ(to_hex(pcrs.pcr2).substr(0, 16), "7d5f8394b2cf127f");
    EXPECT_FALSE(pcrs.pcr8);
}

// PCR2's thread may be the slower one, since PCR0's finds its bytes in the processor's cache.
TEST(Measurement, ALargeImageIsMeasuredToItsEndByBothThreads) {
    const std::string application(8 << 20, 'x');
    const Bytes file =
        make_image({part(SectionType::kernel, "K"), part(SectionType::cmdline, "C"),
                    part(SectionType::ramdisk, "A"), part(SectionType::ramdisk, application)});
    const Image image = Image::parse(file).value();
    const Pcr expected = extended(Pcr{}, sha384({as_bytes(application)}));
    for (int time = 0; time < 20; ++time)
        EXPECT_EQ(to_hex(measure_content(image).pcrs.pcr2), to_hex(expected));
}

TEST(Measurement, WithOneRamdiskPcr2IsThatOfNothing) {
    const Bytes file = make_image({part(SectionType::kernel, "K"), part(SectionType::cmdline, "C"),
                                   part(SectionType::ramdisk, "A")});
    const Measurements pcrs = measure(Image::parse(file).value()).value();
    EXPECT_EQ(pcrs.pcr0, pcrs.pcr1);
    EXPECT_EQ(
        to_hex(pcrs.pcr2),
        "21b9efbc184807662e966d34f390821309eeac6802309798826296bf3e8bec7c10edb30948c90ba67310f7b9"
        "64fc500a");
}

TEST(Measurement, TheOrderOfTheFileCounts) {
    const Bytes one =
        make_image({part(SectionType::kernel, "K"), part(SectionType::cmdline, "C"),
                    part(SectionType::ramdisk, "A"), part(SectionType::ramdisk, "B")});
    // The cmdline behind the ramdisks: PCR1 is the same, PCR0 is not.
    const Bytes other =
        make_image({part(SectionType::kernel, "K"), part(SectionType::ramdisk, "A"),
                    part(SectionType::ramdisk, "B"), part(SectionType::cmdline, "C")});
    const Measurements a = measure(Image::parse(one).value()).value();
    const Measurements b = measure(Image::parse(other).value()).value();
    EXPECT_NE(a.pcr0, b.pcr0);
    EXPECT_NE(a.pcr1, b.pcr1);  // H("KAC"), not H("KCA")
    EXPECT_EQ(a.pcr2, b.pcr2);
    EXPECT_EQ(b.pcr0, extended(Pcr{}, sha384({as_bytes("KABC")})));
    EXPECT_EQ(b.pcr1, extended(Pcr{}, sha384({as_bytes("KAC")})));
}

TEST(Measurement, MetadataSignatureAndFlagsAreInNoPcr) {
    const Bytes one = testing::small_image();
    Header header;
    header.version = 3;
    header.flags = 1;
    const Bytes other =
        make_image({part(SectionType::kernel, "K"), part(SectionType::cmdline, "C"),
                    part(SectionType::ramdisk, "A"), part(SectionType::ramdisk, "B")},
                   header);
    EXPECT_EQ(measure(Image::parse(one).value()).value(),
              measure(Image::parse(other).value()).value());
}

// Large enough for the second thread and for several CRC blocks.
TEST(Measurement, LargeImagesMeasureOnTwoThreadsAsOnOne) {
    Bytes data(40 << 20);
    std::uint32_t state = 1;
    for (std::uint8_t& byte : data)
        byte = static_cast<std::uint8_t>((state = state * 1664525 + 1013904223) >> 24);
    const Bytes file = make_image({part(SectionType::kernel, "K"),
                                   part(SectionType::cmdline, "C"),
                                   part(SectionType::ramdisk, "A"),
                                   {SectionType::ramdisk, data}});
    const Image image = Image::parse(file).value();
    const ContentMeasurement measured = measure_content(image);
    EXPECT_EQ(measured.pcrs.pcr2, extended(Pcr{}, sha384({data})));
    EXPECT_EQ(measured.crc32, image.header().crc32);
    Hash whole(HashAlgorithm::sha384);
    whole.update(as_bytes("KCA"));
    whole.update(data);
    EXPECT_EQ(measured.pcrs.pcr0, extended(Pcr{}, whole.finish()));
}

class RealImage : public ::testing::TestWithParam<const char*> {};

TEST_P(RealImage, MeasuresAsAwsToolSays) {
    const auto folder = test_vectors("eif");
    if (!folder)
        GTEST_SKIP() << no_test_vectors;
    const MappedFile file = MappedFile::open(*folder / (std::string(GetParam()) + ".eif")).value();
    const Image image = Image::parse(file.bytes()).value();
    EXPECT_TRUE(image.findings().empty());
    const Bytes expected =
        testing::read_file(*folder / (std::string(GetParam()) + ".expected.json"));
    EXPECT_EQ(measurements_json(measure(image).value()), boost::json::parse(as_text(expected)));
    EXPECT_EQ(image.header().crc32, image_crc32(file.bytes()));
}

INSTANTIATE_TEST_SUITE_P(Vectors, RealImage,
                         ::testing::Values("v1", "v3-three-ramdisks", "v4-signed"));

}  // namespace
}  // namespace glovebox::eif
