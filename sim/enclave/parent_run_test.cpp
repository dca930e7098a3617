// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/parent_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/testing/temporary_directory.h"
#include "core/testing/memory_log.h"

namespace glovebox::enclave {
namespace {

using testing::HasSubstr;

TEST(ParentRun, AMetadataServiceIsOnLoopback) {
    EXPECT_TRUE(parse_metadata_service("127.0.0.1:1338"));
    for (const char* wrong : {"", "1338", "192.0.2.7:1338", "[::1]:1338", "0.0.0.0:1338"})
        EXPECT_FALSE(parse_metadata_service(wrong)) << wrong;
}

TEST(ParentRun, AListenerThatDoesNotComeIsAnErrorThatNamesIt) {
    const TemporaryDirectory scratch;
    ParentRun run;
    run.world = scratch / "world";
    run.arguments = {"true"};
    run.awaited = {{16, 5005}};
    core::MemoryLog log;
    try {
        static_cast<void>(run.run(log, [](const std::string&) {}));
        FAIL() << "it has run";
    } catch (const ErrorException& error) {
        EXPECT_THAT(error.what(), HasSubstr("nothing listened at 16:5005 within 0 ms: "));
    }
}

}  // namespace
}  // namespace glovebox::enclave
