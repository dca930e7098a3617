// SPDX-License-Identifier: Apache-2.0

#include "sim/nitro/nitro_cli.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace glovebox::nitro {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

// As AWS's user guide has it, with one enclave.
constexpr std::string_view described = R"([
  {
    "EnclaveName": "hello",
    "EnclaveID": "i-0584873aac8fea23b-enc17ad2edcbfdad4b",
    "ProcessID": 95271,
    "EnclaveCID": 16,
    "NumberOfCPUs": 2,
    "CPUIDs": [
      1,
      3
    ],
    "MemoryMiB": 512,
    "State": "RUNNING",
    "Flags": "NONE",
    "Measurements": {
      "HashAlgorithm": "Sha384 { ... }",
      "PCR0": "00ab",
      "PCR1": "01ab",
      "PCR2": "02ab"
    }
  }
])";

TEST(NitroCliOutput, OfDescribeEnclavesHasTheImagesMeasurements) {
    const auto enclaves = parse_enclaves(described).value();
    ASSERT_THAT(enclaves, SizeIs(1));
    const RunningEnclave& one = enclaves.front();
    EXPECT_EQ(one.name, "hello");
    EXPECT_EQ(one.id, "i-0584873aac8fea23b-enc17ad2edcbfdad4b");
    EXPECT_EQ(one.process, 95271);
    EXPECT_EQ(one.cid, 16U);
    EXPECT_EQ(one.cpu_count, 2U);
    EXPECT_EQ(one.memory_mib, 512U);
    EXPECT_THAT(one.pcrs, SizeIs(3));
    EXPECT_EQ(one.pcrs.at("PCR0"), "00ab");
    EXPECT_THAT(parse_enclaves("[]\n").value(), SizeIs(0));
}

TEST(NitroCliOutput, ThatLacksSomethingIsAnErrorThatNamesIt) {
    EXPECT_THAT(parse_enclaves("{}").error().message, HasSubstr("a list of enclaves"));
    EXPECT_THAT(parse_enclave("{}").error().message,
                HasSubstr("is missing in what nitro-cli printed"));
    EXPECT_THAT(
        parse_enclave(
            R"({"EnclaveName": "a", "EnclaveID": "i-1-enc2", "ProcessID": 1, "EnclaveCID": -3,)"
            R"("NumberOfCPUs": 2, "MemoryMiB": 64})")
            .error()
            .message,
        HasSubstr("EnclaveCID is missing"));
    EXPECT_FALSE(parse_enclave("Start allocating memory..."));
}

TEST(NitroCliOutput, HasItsVersion) {
    EXPECT_EQ(parse_version("Nitro CLI 1.5.0\n"), "1.5.0");
    EXPECT_EQ(parse_version("glovebox 0.1"), std::nullopt);
}

TEST(NitroCliOutput, OfAFailureIsTheLinesWithACode) {
    EXPECT_EQ(failure_in("Start allocating memory...\n"
                         "[ E27 ] Insufficient memory available. User provided `memory` is 99 MB\n"
                         "\n"
                         "For more details: https://docs.aws.amazon.com/\n"
                         "Failed connections: 1\n"
                         "[ E39 ] Enclave process connection failure.\n"),
              "[ E27 ] Insufficient memory available. User provided `memory` is 99 MB "
              "[ E39 ] Enclave process connection failure.");
    EXPECT_EQ(failure_in("error: unexpected argument\n\nUsage: nitro-cli\n\n"), "Usage: nitro-cli");
    EXPECT_EQ(failure_in(""), "");
}

}  // namespace
}  // namespace glovebox::nitro
