// SPDX-License-Identifier: Apache-2.0

#include "sim/nitro_cli/image_commands.h"

#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <filesystem>
#include <sstream>

#include "core/base/testing/temporary_directory.h"
#include "sim/eif/testing/test_support.h"
#include "sim/nitro_cli/error.h"

namespace glovebox::nitro_cli {
namespace {

namespace json = boost::json;
using eif::testing::write_file;
using testing::HasSubstr;

constexpr TimePoint now{std::chrono::milliseconds(1'700'000'000'000)};

// Kernel, cmdline and init as an instance's package has them, in miniature.
void write_blobs(const std::filesystem::path& folder) {
    std::filesystem::create_directories(folder);
    write_file(folder / "bzImage", std::string(0x202, '\0') + "HdrS" + std::string(600, 'k'));
    write_file(folder / "cmdline", "console=ttyS0 quiet\n");
    write_file(folder / "init",
               "\x7f"
               "ELF-init" +
                   std::string(eif::testing::aws_init_messages));
    write_file(folder / "nsm.ko", std::string_view("module"));
}

BuildArguments arguments_in(const TemporaryDirectory& folder) {
    BuildArguments arguments;
    write_blobs(folder / "blobs");
    std::filesystem::create_directories(folder / "root/bin");
    write_file(folder / "root/bin/app", std::string_view("#!/bin/app\n"));
    arguments.blobs = folder / "blobs";
    arguments.rootfs = folder / "root";
    arguments.command = "/bin/app";
    arguments.output_file = folder / "app.eif";
    arguments.source_date = 1;
    return arguments;
}

TEST(WithTag, LatestIsMeantWithoutOne) {
    EXPECT_EQ(with_tag("app"), "app:latest");
    EXPECT_EQ(with_tag("app:1"), "app:1");
    EXPECT_EQ(with_tag("host:5000/app"), "host:5000/app") << "as AWS's has it";
}

TEST(BuildEnclave, PrintsWhatDescribeEifPrintsLater) {
    const TemporaryDirectory folder;
    std::ostringstream progress;
    const auto built = build_enclave(arguments_in(folder), progress);
    ASSERT_TRUE(built) << built.error().message;
    EXPECT_THAT(progress.str(), testing::StartsWith("Start building the Enclave Image...\n"));
    EXPECT_THAT(progress.str(), testing::EndsWith("Enclave Image successfully created.\n"));
    std::vector<std::string> remarks;
    const auto described = describe_eif(folder / "app.eif", now, remarks);
    ASSERT_TRUE(described) << described.error().message;
    EXPECT_EQ(described->at("Measurements"), built->at("Measurements"));
    EXPECT_EQ(described->at("CheckCRC"), true);
}

TEST(BuildEnclave, WithoutItsBlobsItIsE48AndNothingIsLeft) {
    for (const auto* missing : {"bzImage", "init", "nsm.ko"}) {
        const TemporaryDirectory folder;
        const BuildArguments arguments = arguments_in(folder);
        std::filesystem::remove(arguments.blobs / missing);
        std::ostringstream progress;
        const auto built = build_enclave(arguments, progress);
        EXPECT_EQ(built.error().code, NitroError::eif_building) << missing;
        EXPECT_THAT(built.error().message, HasSubstr(missing));
        EXPECT_THAT(built.error().message, HasSubstr("NITRO_CLI_BLOBS"));
        EXPECT_FALSE(std::filesystem::exists(folder / "app.eif"));
    }
}

TEST(BuildEnclave, WithoutTheKernelsCommandLineItIsE19) {
    const TemporaryDirectory folder;
    const BuildArguments arguments = arguments_in(folder);
    std::filesystem::remove(folder / "blobs/cmdline");
    std::ostringstream progress;
    EXPECT_EQ(build_enclave(arguments, progress).error().code, NitroError::file_operation);
}

TEST(BuildEnclave, AnOutputFileThatCannotBeMadeIsE19) {
    const TemporaryDirectory folder;
    BuildArguments arguments = arguments_in(folder);
    arguments.output_file = folder / "none/app.eif";
    std::ostringstream progress;
    const auto built = build_enclave(arguments, progress);
    ASSERT_FALSE(built);
    EXPECT_EQ(built.error().code, NitroError::file_operation);
    EXPECT_THAT(built.error().message,
                HasSubstr("File: '" + arguments.output_file + "', failing operation: 'Open'."));
}

TEST(DescribeEif, WhatCannotBeReadIsE35) {
    const TemporaryDirectory folder;
    std::vector<std::string> remarks;
    EXPECT_EQ(describe_eif(folder / "none", now, remarks).error().code, NitroError::eif_parsing);
    write_file(folder / "short", std::string_view("no image"));
    EXPECT_EQ(describe_eif(folder / "short", now, remarks).error().code, NitroError::eif_parsing);
}

TEST(SignEif, SignsInPlaceAndSaysSo) {
    const TemporaryDirectory folder;
    std::ostringstream progress;
    ASSERT_TRUE(build_enclave(arguments_in(folder), progress));
    const auto pair = eif::testing::make_key_pair(folder.path(), "secp384r1");
    const std::string image = folder / "app.eif";
    progress.str("");
    const auto done = sign_eif(image, pair.key.string(), pair.certificate.string(), progress);
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(progress.str(), "Enclave Image successfully signed.\n");
    EXPECT_EQ(done->at("Measurements").at("PCR8"),
              pcr_of_certificate(pair.certificate.string())->at("PCR8"));
}

TEST(SignEif, WithoutKeyOrWithOneThatCannotBeReadItIsE60) {
    std::ostringstream progress;
    EXPECT_EQ(sign_eif("x", std::nullopt, std::nullopt, progress).error().code,
              NitroError::signing);
    EXPECT_EQ(sign_eif("x", "/none", "/none", progress).error().code, NitroError::signing);
    EXPECT_THAT(progress.str(), testing::StartsWith("Could not read signing info: "));
}

TEST(Pcr, OfAFileIsTheHashOfItsHashBehindZeroes) {
    const TemporaryDirectory folder;
    write_file(folder / "empty", std::string_view());
    EXPECT_EQ(
        pcr_of_file(folder / "empty")->at("PCR"),
        "21b9efbc184807662e966d34f390821309eeac6802309798826296bf3e8bec7c10edb30948c90ba67310f7b"
        "964fc500a");
    EXPECT_EQ(pcr_of_file(folder / "none").error().code, NitroError::file_operation);
    EXPECT_EQ(pcr_of_certificate(folder / "empty").error().code, NitroError::hasher);
}

}  // namespace
}  // namespace glovebox::nitro_cli
