// SPDX-License-Identifier: Apache-2.0

#include "sim/nitro_cli/boot_check.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "core/base/testing/temporary_directory.h"
#include "sim/eif/base/mapped_file.h"
#include "sim/eif/build/builder.h"
#include "sim/eif/testing/test_support.h"

namespace glovebox::nitro_cli {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// "HdrS" where a bzImage has it, and the ELF header of a program for x86_64.
const std::string kernel = std::string(0x202, '\0') + "HdrS" + std::string(600, 'k');
const std::string program = std::string(
                                "\x7f"
                                "ELF\2\1\1",
                                7) +
                            std::string(11, '\0') + "\x3e" + std::string(1, '\0') + "program";

class BootCheck : public testing::Test {
  protected:
    BootCheck() {
        write("kernel", kernel);
        write("init", program + std::string(eif::testing::aws_init_messages));
        write("root/bin/app", program);
        options_.kernel = folder_ / "kernel";
        options_.init = folder_ / "init";
        options_.rootfs = folder_ / "root";
        options_.output = folder_ / "image.eif";
        options_.command = {"/bin/app"};
        options_.tool_version = "1";
    }

    void write(const std::string& name, const std::string& content) {
        const fs::path file = folder_ / name;
        fs::create_directories(file.parent_path());
        std::ofstream(file) << content;
        fs::permissions(file, fs::perms::owner_all);
    }

    std::vector<std::string> problems() {
        EXPECT_TRUE(eif::build_image(options_));
        const auto file = eif::MappedFile::open(options_.output).value();
        return check_boot(eif::Image::parse(file.bytes()).value(), no_progress()).value();
    }

    TemporaryDirectory directory_;
    fs::path folder_{directory_.path()};
    eif::BuildOptions options_;
};

TEST_F(BootCheck, AnImageWhoseProgramStartsHasNone) {
    EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(BootCheck, RamdisksBeginAtAMultipleOfFour) {
    ASSERT_TRUE(eif::build_image(options_));
    const auto file = eif::MappedFile::open(options_.output).value();
    const auto built = eif::Image::parse(file.bytes()).value();
    // The first ramdisk has more zero bytes at its end; the second may be compressed.
    const auto problems_with = [&](std::size_t padding, bool is_packed = false) {
        std::vector<eif::testing::Part> parts;
        std::vector<Bytes*> ramdisks;
        for (const eif::Section& section : built.sections())
            parts.push_back({section.type, Bytes(section.data.begin(), section.data.end())});
        for (auto& part : parts)
            if (part.type == eif::SectionType::ramdisk)
                ramdisks.push_back(&part.data);
        ramdisks[0]->resize(ramdisks[0]->size() + padding);
        if (is_packed) {
            write("ramdisk", std::string(as_text(*ramdisks[1])));
            eif::testing::shell("cd " + folder_.string() + " && gzip -nf ramdisk");
            *ramdisks[1] = eif::testing::read_file(folder_ / "ramdisk.gz");
        }
        const Bytes image = eif::testing::make_image(parts);
        return check_boot(eif::Image::parse(image).value(), no_progress()).value();
    };
    for (const bool is_packed : {false, true}) {
        EXPECT_THAT(problems_with(0, is_packed), IsEmpty());
        EXPECT_THAT(problems_with(4, is_packed), IsEmpty());
        EXPECT_THAT(problems_with(3, is_packed),
                    ElementsAre(AllOf(HasSubstr("ramdisk 1 begins behind "),
                                      HasSubstr("at the end of the ramdisk before it: 1"))));
    }
}

TEST_F(BootCheck, ShowsThatItUnpacks) {
    class Stages final : public Progress {
      public:
        void begin(std::string_view stage, std::optional<std::uint64_t> total) override {
            seen.push_back(fmt::format("{} {}", stage, total.value_or(0)));
        }
        void add(std::uint64_t bytes) override { read += bytes; }
        void end() override {}
        std::vector<std::string> seen;
        std::uint64_t read = 0;
    } stages;
    ASSERT_TRUE(eif::build_image(options_));
    const auto file = eif::MappedFile::open(options_.output).value();
    const auto image = eif::Image::parse(file.bytes()).value();
    EXPECT_THAT(check_boot(image, stages).value(), IsEmpty());
    EXPECT_THAT(stages.seen, ElementsAre(fmt::format("unpacking {}", image.ramdisks_size())));
    EXPECT_EQ(stages.read, image.ramdisks_size());
}

TEST_F(BootCheck, AKernelThatIsNone) {
    write("kernel", "K");
    EXPECT_THAT(problems(), ElementsAre(HasSubstr("the kernel is neither a bzImage nor an")));
}

TEST_F(BootCheck, AProgramThatIsMissingOrNotExecutable) {
    options_.command = {"/bin/nosuch"};
    EXPECT_THAT(problems(), ElementsAre(HasSubstr("/bin/nosuch is not in the image")));
    options_.command = {"nosuch"};
    EXPECT_THAT(problems(), ElementsAre(HasSubstr("init looks for \"nosuch\" in")));
    fs::permissions(folder_ / "root/bin/app", fs::perms::owner_read);
    options_.command = {"/bin/app"};
    EXPECT_THAT(problems(), ElementsAre(HasSubstr("/bin/app is not executable")));
}

TEST_F(BootCheck, AnInitThatIsNotAwssRunsWhatItLikes) {
    write("init", program);
    options_.command = {"/bin/nosuch"};
    EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(BootCheck, AScriptWithoutItsInterpreter) {
    write("root/bin/app", "#!/usr/bin/python3\n");
    EXPECT_THAT(problems(), ElementsAre(HasSubstr("wants /usr/bin/python3, which is not in")));
    write("root/usr/bin/python3", program);
    EXPECT_THAT(problems(), IsEmpty());
}

}  // namespace
}  // namespace glovebox::nitro_cli
