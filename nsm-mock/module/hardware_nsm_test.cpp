// SPDX-License-Identifier: Apache-2.0

#include "nsm-mock/module/hardware_nsm.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nsm-mock/module/nsm_client.h"

namespace glovebox::nsm {
namespace {

using testing::HasSubstr;

TEST(HardwareNsm, TheIoctlIsTheDrivers) {
    EXPECT_EQ(nsm_ioctl_raw, 0xc0200a00u);  // linux/nsm.h, as a guest's driver took it
}

TEST(HardwareNsm, AMissingDeviceIsSaidToBeNoEnclave) {
    const auto device = HardwareNsm::open("/nonexistent/nsm", null_log());
    ASSERT_FALSE(device);
    EXPECT_EQ(device.error().code, boost::system::errc::no_such_file_or_directory);
    EXPECT_THAT(
        device.error().message,
        testing::AllOf(HasSubstr("/nonexistent/nsm: No such file or directory"),
                       HasSubstr("not the inside of a Nitro enclave"), HasSubstr("--device mock")));
}

TEST(HardwareNsm, ADeviceThatIsNoModuleIsRefusedByName) {
    const auto device = HardwareNsm::open("/dev/null", null_log());
    ASSERT_FALSE(device);
    EXPECT_THAT(device.error().message,
                testing::StartsWith("/dev/null is not a Nitro Secure Module"));
}

UniqueFd dev_null() {
    return UniqueFd(::open("/dev/null", O_RDWR | O_CLOEXEC));
}

TEST(HardwareNsm, AnIoctlThatFailsIsAnsweredWithAnInternalError) {
    HardwareNsm device(dev_null(), null_log());
    NsmClient client(device);
    EXPECT_EQ(client.get_random().error().code, NsmError::internal_error);
}

TEST(HardwareNsm, ATooLargeRequestIsAnsweredAsAwsLibraryDoes) {
    HardwareNsm device(dev_null(), null_log());
    EXPECT_EQ(device.process(Bytes(request_bytes_max + 1)),
              encode_response(NsmError::input_too_large));
}

}  // namespace
}  // namespace glovebox::nsm
