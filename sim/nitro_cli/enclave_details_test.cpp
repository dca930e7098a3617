// SPDX-License-Identifier: Apache-2.0

#include "sim/nitro_cli/enclave_details.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "sim/eif/base/json_text.h"
#include "sim/nitro_cli/error.h"

namespace glovebox::nitro_cli {
namespace {

EnclaveDetails hello() {
    EnclaveDetails details;
    details.name = "hello";
    details.id = "i-0584873aac8fea23b-enc17ad2edcbfdad4b";
    details.process = 95271;
    details.cid = 16;
    details.cpu_ids = {1, 3};
    details.memory_mib = 512;
    details.measurements = {{"HashAlgorithm", "Sha384 { ... }"}, {"PCR0", "00"}};
    details.metadata = {{"ImageName", "hello"}};
    return details;
}

TEST(EnclaveDetails, RunEnclavePrintsSevenKeysInOrder) {
    EXPECT_EQ(eif::pretty_json(hello().run_json()), R"({
  "EnclaveName": "hello",
  "EnclaveID": "i-0584873aac8fea23b-enc17ad2edcbfdad4b",
  "ProcessID": 95271,
  "EnclaveCID": 16,
  "NumberOfCPUs": 2,
  "CPUIDs": [
    1,
    3
  ],
  "MemoryMiB": 512
})");
}

TEST(EnclaveDetails, DescribeEnclavesAddsStateFlagsAndMeasurements) {
    EnclaveDetails details = hello();
    EXPECT_EQ(eif::compact_json(details.describe_json(false)),
              R"({"EnclaveName":"hello","EnclaveID":"i-0584873aac8fea23b-enc17ad2edcbfdad4b",)"
              R"("ProcessID":95271,"EnclaveCID":16,"NumberOfCPUs":2,"CPUIDs":[1,3],)"
              R"("MemoryMiB":512,"State":"RUNNING","Flags":"NONE","Measurements":)"
              R"({"HashAlgorithm":"Sha384 { ... }","PCR0":"00"}})");
    details.debug = true;
    const auto described = details.describe_json(true);
    EXPECT_EQ(described.at("Flags"), "DEBUG_MODE");
    EXPECT_EQ(described.at("ImageName"), "hello");
    EXPECT_EQ(described.at("Measurements").at("PCR0"), "00") << "of the image, not zero";
}

TEST(EnclaveDetails, TerminateEnclavePrintsThree) {
    EXPECT_EQ(eif::compact_json(hello().terminate_json()),
              R"({"EnclaveName":"hello","EnclaveID":"i-0584873aac8fea23b-enc17ad2edcbfdad4b",)"
              R"("Terminated":true})");
}

TEST(EnclaveDetails, SurviveTheRecord) {
    enclave::EnclaveRecord record;
    record.cid = 16;
    record.process = 95271;
    record.debug = true;
    record.details = hello().to_text();
    EnclaveDetails expected = hello();
    expected.debug = true;
    EXPECT_EQ(EnclaveDetails::of(record).describe_json(true), expected.describe_json(true));
    EXPECT_EQ(EnclaveDetails::from_text("{}").error().code, NitroError::serde);
    EXPECT_EQ(EnclaveDetails::from_text("no").error().code, NitroError::serde);
}

TEST(EnclaveDetails, AnEnclaveThatNitroCliDidNotStartHasANameAndAnIdTooForTerminateEnclave) {
    enclave::EnclaveRecord record;
    record.cid = 20;
    record.started = 0x18bcfe56800;
    const EnclaveDetails details = EnclaveDetails::of(record);
    EXPECT_EQ(details.name, "cid-20");
    EXPECT_TRUE(details.has_id("i-0000000000000000-enc18bcfe56800"));
}

TEST(EnclaveDetails, AnEnclaveWithoutCpusOfThePoolHasThoseThatItMayUse) {
    enclave::EnclaveRecord record;
    record.cid = 20;
    record.cpu_count = 3;
    record.memory_bytes = std::uint64_t{128} << 20;
    EnclaveDetails image;  // as `glovebox run --eif` has it
    image.id = "i-0-enc1";
    image.measurements = {{"PCR0", "00"}};
    for (const std::string& details : {std::string(), image.to_text()}) {
        record.details = details;
        const auto described = EnclaveDetails::of(record).describe_json(true);
        EXPECT_EQ(described.at("EnclaveName"), "cid-20");
        EXPECT_EQ(described.at("NumberOfCPUs"), 3);
        EXPECT_EQ(described.at("CPUIDs"), boost::json::array());
        EXPECT_EQ(described.at("MemoryMiB"), 128);
        EXPECT_EQ(described.at("Measurements").as_object().empty(), details.empty());
    }
    record.cpu_count.reset();
    record.memory_bytes.reset();
    const EnclaveDetails unlimited = EnclaveDetails::of(record);
    EXPECT_GE(unlimited.run_json().at("NumberOfCPUs").to_number<int>(), 1);
    EXPECT_GE(unlimited.memory_mib, 64U);
}

TEST(EnclaveId, CountsBehindItsLastEncAndAsANumber) {
    const EnclaveDetails details = hello();
    EXPECT_TRUE(details.has_id(details.id));
    EXPECT_TRUE(details.has_id("i-other-enc17ad2edcbfdad4b"));
    EXPECT_TRUE(details.has_id("17ad2edcbfdad4b")) << "without -enc it is used whole";
    EXPECT_TRUE(details.has_id("i-x-enc017ad2edcbfdad4b")) << "as an attestation document has it";
    EXPECT_FALSE(details.has_id("i-0584873aac8fea23b-enc17ad2edcbfdad4"));
    EXPECT_FALSE(details.has_id(""));
}

TEST(EnclaveId, IsTheModulesWithoutLeadingZeroes) {
    EXPECT_EQ(enclave_id_of("i-07e25f3bada361dec-enc0184c2"), "i-07e25f3bada361dec-enc184c2");
    EXPECT_EQ(enclave_id_of("something"), "something");
}

}  // namespace
}  // namespace glovebox::nitro_cli
