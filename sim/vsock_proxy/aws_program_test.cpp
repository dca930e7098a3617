// SPDX-License-Identifier: Apache-2.0

#include "sim/vsock_proxy/aws_program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "core/base/testing/temporary_directory.h"

namespace glovebox::vsock_proxy {
namespace {

using testing::HasSubstr;

class AwsProgram : public testing::Test {
  protected:
    // What it says of arguments with which it does not come to serve.
    std::string refusal(const Arguments& arguments) {
        std::ostringstream said;
        EXPECT_EQ(run_as_aws(arguments, said), 1);
        return said.str();
    }

    TemporaryDirectory scratch_;
    const Arguments good_{.workers = "4",
                          .config = scratch_ / "missing.yaml",
                          .local_port = "8000",
                          .remote = "192.0.2.7",
                          .remote_port = "443"};
};

TEST_F(AwsProgram, JudgesItsArgumentsInAwsWordsAndOrder) {
    Arguments arguments = good_;
    arguments.workers = "0";
    EXPECT_EQ(refusal(arguments), "Error: \"Number of workers must not be 0\"\n");
    arguments.remote_port = "65536";
    EXPECT_EQ(refusal(arguments), "Error: \"Remote port is not valid\"\n");
    arguments.local_port = "x";
    EXPECT_EQ(refusal(arguments), "Error: \"Local port is not valid\"\n");
}

TEST_F(AwsProgram, JudgesLiteralAddressesByTheirFamilyToo) {
    std::ofstream(good_.config) << "allowlist: [{address: 192.0.2.7, port: 443}]";
    Arguments arguments = good_;
    arguments.only_v6 = true;
    EXPECT_EQ(refusal(arguments),
              "Error: \"Error at checking the allowlist: No accepted IP was found.\"\n");
    arguments.only_v6 = false;
    arguments.only_v4 = true;
    arguments.remote = "2001:db8::7";
    EXPECT_EQ(refusal(arguments),
              "Error: \"Error at checking the allowlist: No accepted IP was found.\"\n");
}

TEST_F(AwsProgram, SaysWhatItsAllowlistLacks) {
    EXPECT_THAT(refusal(good_),
                HasSubstr("Error: \"Error at checking the allowlist: Could not open the file\"\n"));
}

}  // namespace
}  // namespace glovebox::vsock_proxy
