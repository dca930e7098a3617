// SPDX-License-Identifier: Apache-2.0

#include "sim/nitro_cli/run_arguments.h"

#include <gmock/gmock.h>

#include "sim/nitro_cli/error.h"

namespace glovebox::nitro_cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

RunFlags good_flags() {
    return {.cpu_count = "2",
            .cpu_ids = {},
            .memory = "512",
            .eif_path = "app.eif",
            .enclave_cid = std::nullopt,
            .enclave_name = std::nullopt};
}

TEST(Memory, HasAnOptionalUnit) {
    EXPECT_EQ(parse_memory("512").value(), 512U);
    EXPECT_EQ(parse_memory("512m").value(), 512U);
    EXPECT_EQ(parse_memory("2G").value(), 2048U);
    EXPECT_EQ(parse_memory("1t").value(), 1024U * 1024U);
    EXPECT_EQ(parse_memory("0").value(), 0U);
}

TEST(Memory, AnythingElseIsE03WithTheValue) {
    for (const char* text :
         {"", "512MB", "1.5G", "G", "-1", "+256", "0x10", "18446744073709551615g"}) {
        const auto memory = parse_memory(text);
        ASSERT_FALSE(memory) << text;
        EXPECT_EQ(memory.error().code, NitroError::invalid_argument);
        EXPECT_EQ(memory.error().message,
                  std::string("Invalid argument provided. The parameter `memory` is not a valid "
                              "integer (`") +
                      text + "`)");
    }
}

TEST(EnclaveCid, TheFirstOnesAndAnyAreRefusedWithoutDetail) {
    for (const char* text : {"1", "2", "3", "4294967295", "99999999999"})
        EXPECT_EQ(parse_cid(text).error().message,
                  "Invalid argument provided. The parameter `MISSING_INFO` is not a valid integer "
                  "(`MISSING_INFO`)")
            << text;
    EXPECT_EQ(parse_cid("0").value(), 0U);
    EXPECT_EQ(parse_cid("4").value(), 4U);
    EXPECT_EQ(parse_cid("4294967294").value(), 4294967294U);
    EXPECT_EQ(parse_cid("x").error().code, NitroError::invalid_argument);
}

TEST(DisconnectTimeout, IsSecondsAndNoneForZero) {
    EXPECT_EQ(parse_timeout("5").value(), std::chrono::seconds(5));
    EXPECT_FALSE(parse_timeout("0").value());
    EXPECT_FALSE(parse_timeout("18446744073709551615").value());
    EXPECT_EQ(parse_timeout("").error().code, NitroError::invalid_argument);
    EXPECT_EQ(parse_timeout("5s").error().code, NitroError::invalid_argument);
}

TEST(RunFlags, BecomeArguments) {
    RunFlags flags = good_flags();
    flags.enclave_name = "hello";
    flags.attach_console = true;
    const RunArguments arguments = parse_run_flags(flags).value();
    EXPECT_EQ(arguments.cpu_count, 2U);
    EXPECT_EQ(arguments.memory_mib, 512U);
    EXPECT_EQ(arguments.eif_path, "app.eif");
    EXPECT_EQ(arguments.enclave_name, "hello");
    EXPECT_FALSE(arguments.enclave_cid);
    EXPECT_TRUE(arguments.debug_mode) << "a console needs debug mode";
}

TEST(RunFlags, ACommaListOfCpusIsE03UnderTheNameCpuId) {
    RunFlags flags = good_flags();
    flags.cpu_count.reset();
    flags.cpu_ids = {"1", "3"};
    EXPECT_THAT(parse_run_flags(flags).value().cpu_ids, ElementsAre(1, 3));
    flags.cpu_ids = {"1,3"};
    EXPECT_THAT(parse_run_flags(flags).error().message,
                HasSubstr("The parameter `cpu-id` is not a valid integer (`1,3`)"));
}

TEST(RunFlags, ANumberThatIsNoneIsE03) {
    RunFlags flags = good_flags();
    flags.cpu_count = "two";
    EXPECT_THAT(parse_run_flags(flags).error().message, HasSubstr("`cpu-count`"));
    flags.cpu_count = "";
    EXPECT_THAT(parse_run_flags(flags).error().message, HasSubstr("`cpu-count`"));
    flags = good_flags();
    flags.enclave_cid = "";
    EXPECT_EQ(parse_run_flags(flags).error().code, NitroError::invalid_argument);
    flags.enclave_cid = "+20";
    EXPECT_EQ(parse_run_flags(flags).value().enclave_cid, 20U);
}

TEST(RunConfig, HasTheKeysOfAws) {
    const RunArguments arguments =
        parse_run_config(R"({"eif_path": "/a.eif", "memory_mib": 256, "cpu_ids": [1, 3],
                             "enclave_cid": 2, "enclave_name": "n", "debug_mode": true,
                             "something": "else"})")
            .value();
    EXPECT_EQ(arguments.eif_path, "/a.eif");
    EXPECT_EQ(arguments.memory_mib, 256U);
    EXPECT_THAT(arguments.cpu_ids, ElementsAre(1, 3));
    EXPECT_EQ(arguments.enclave_cid, 2U) << "the driver refuses it later, not the parser";
    EXPECT_EQ(arguments.enclave_name, "n");
    EXPECT_TRUE(arguments.debug_mode);
    EXPECT_FALSE(arguments.attach_console);
}

TEST(RunConfig, WrongJsonTypesAndMissingKeysAreE17) {
    for (const char* text :
         {"", "[]", "{", R"({"memory_mib": 1, "cpu_count": 2})",
          R"({"eif_path": "a", "cpu_count": 2})", R"({"eif_path": 1, "memory_mib": 1})",
          R"({"eif_path": "a", "memory_mib": "1"})", R"({"eif_path": "a", "memory_mib": -1})",
          R"({"eif_path": "a", "memory_mib": 1, "cpu_ids": "1"})",
          R"({"eif_path": "a", "memory_mib": 256.0, "cpu_count": 2})",
          R"({"eif_path": "a", "memory_mib": 256, "cpu_count": 2e0})",
          R"({"eif_path": "a", "memory_mib": 256, "cpu_ids": [1.0, 3]})",
          R"({"eif_path": "a", "memory_mib": 1, "cpu_count": 2, "enclave_cid": 2.5e1})",
          R"({"eif_path": "a", "memory_mib": 1, "cpu_count": 4294967296})",
          R"({"eif_path": "a", "memory_mib": 1, "cpu_count": 2, "debug_mode": 1})"})
        EXPECT_EQ(parse_run_config(text).error().code, NitroError::serde) << text;
}

TEST(RunConfig, NoCpuKeyIsE01AndBothAreE02) {
    EXPECT_EQ(parse_run_config(R"({"eif_path": "a", "memory_mib": 1})").error().code,
              NitroError::missing_argument);
    EXPECT_EQ(
        parse_run_config(R"({"eif_path": "a", "memory_mib": 1, "cpu_count": 2, "cpu_ids": [1]})")
            .error()
            .code,
        NitroError::conflicting_arguments);
}

TEST(MemoryRule, IsFourTimesTheImageInWholeMiB) {
    EXPECT_EQ(memory_mib_min(1), 4U);
    EXPECT_EQ(memory_mib_min(32 << 20), 128U);
    EXPECT_EQ(memory_mib_min((32 << 20) + 1), 132U);
    EXPECT_TRUE(check_memory(128, 32 << 20).has_value());
    EXPECT_EQ(
        check_memory(64, 32 << 20).error().message,
        "Insufficient memory requested. User provided `memory` is 64 MB, but based on the EIF "
        "file size, the minimum memory should be 128 MB");
    EXPECT_FALSE(check_memory(0, 1).has_value());
    EXPECT_TRUE(check_driver_memory(64).has_value());
    EXPECT_EQ(check_driver_memory(63).error().code, NitroError::ioctl_failure);
}

TEST(EnclaveName, IsTheFilesAndGetsANumberWhereItIsTaken) {
    EXPECT_EQ(default_name("/some/where/hello.eif"), "hello");
    EXPECT_EQ(default_name("hello.eif.eif"), "hello.eif");
    EXPECT_EQ(default_name("image"), "image");
    EXPECT_EQ(free_name("hello", {}), "hello");
    EXPECT_EQ(free_name("hello", {"hello", "hello_1"}), "hello_2");
}

}  // namespace
}  // namespace glovebox::nitro_cli
