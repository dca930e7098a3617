// SPDX-License-Identifier: Apache-2.0

#include "nsm-mock/document/module_id.h"

#include <gtest/gtest.h>

namespace glovebox::nsm {
namespace {

TEST(ModuleId, IsWrittenAndReadAsAwsFormsIt) {
    const std::string text = "i-07e25f3bada361dec-enc0181d3dff86da785";
    const ModuleId id = parse_module_id(text).value();
    EXPECT_EQ(id.instance_id, "i-07e25f3bada361dec");
    EXPECT_EQ(to_hex(id.enclave_id), "0181d3dff86da785");
    EXPECT_EQ(to_string(id), text);
}

TEST(ModuleId, TheEnclavesPartBeginsWithItsStartInMilliseconds) {
    SeededRandom random(1);
    // The enclave of the document above started at this millisecond.
    const EnclaveId id =
        make_enclave_id(TimePoint(std::chrono::milliseconds(1657117079661)), random);
    EXPECT_EQ(to_hex(id).substr(0, 12), "0181d3dff86d");
    EXPECT_NE(id, make_enclave_id(TimePoint(std::chrono::milliseconds(1657117079661)), random))
        << "two enclaves of one millisecond have different IDs";
}

TEST(ModuleId, AnythingElseIsRefused) {
    for (const char* text :
         {"", "i-07e25f3bada361dec", "-enc0181d3dff86da785", "i-07e25f3bada361dec-enc",
          "i-07e25f3bada361dec-enc0181d3dff86da78", "i-07e25f3bada361dec-enc0181d3dff86da7855",
          "i-07e25f3bada361dec-enc0181D3DFF86DA785", "i-07e25f3bada361de-enc0181d3dff86da785",
          "m-07e25f3bada361dec-enc0181d3dff86da785", "i-07e25f3bada361dec-env0181d3dff86da785"})
        EXPECT_FALSE(parse_module_id(text)) << text;
    EXPECT_TRUE(is_instance_id("i-12345678")) << "those made before 2016 are shorter";
    EXPECT_FALSE(is_instance_id("i-123456789"));
}

}  // namespace
}  // namespace glovebox::nsm
