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
