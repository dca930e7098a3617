// SPDX-License-Identifier: Apache-2.0

#include "nsm-mock/module/nsm_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace glovebox::nsm {
namespace {

using testing::HasSubstr;

// Answers everything with the same bytes, and counts.
class ScriptedDevice final : public NsmDevice {
  public:
    explicit ScriptedDevice(Bytes answer) : answer_(std::move(answer)) {}
    [[nodiscard]] Bytes process(BytesView) override {
        ++asked;
        return answer_;
    }
    int asked = 0;

  private:
    Bytes answer_;
};

TEST(NsmClient, TheModulesErrorIsGivenWithTheRequestThatMetIt) {
    ScriptedDevice device(encode_response(NsmError::read_only_index));
    const auto refused = NsmClient(device).extend_pcr(3, as_bytes("x"));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, NsmError::read_only_index);
    EXPECT_EQ(refused.error().message,
              "ExtendPCR 3 with 1 bytes: the module answered ReadOnlyIndex: the PCR is locked");
}

TEST(NsmClient, AnAnswerToAnotherRequestIsAnError) {
    ScriptedDevice device(encode_response(response::LockPcr{}));
    NsmClient client(device);
    EXPECT_EQ(client.get_random().error().code, NsmError::invalid_response);
    EXPECT_EQ(client.describe_nsm().error().code, NsmError::invalid_response);
    EXPECT_EQ(client.lock_pcrs(16).error().code, NsmError::invalid_response);
    EXPECT_TRUE(client.lock_pcr(16));
}

TEST(NsmClient, AnAnswerThatIsNoneIsAnError) {
    ScriptedDevice device(Bytes{0xff});
    const auto refused = NsmClient(device).describe_pcr(0);
    EXPECT_EQ(refused.error().code, NsmError::invalid_response);
    EXPECT_THAT(refused.error().message, HasSubstr("DescribePCR 0"));
}

TEST(NsmClient, ATooLargeRequestNeverReachesTheDevice) {
    ScriptedDevice device(encode_response(response::Attestation{}));
    NsmClient client(device);
    const auto refused = client.attest({.user_data = Bytes(5000)});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, NsmError::input_too_large);
    EXPECT_EQ(device.asked, 0);
    EXPECT_TRUE(client.attest({.user_data = Bytes(4000)}));
}

}  // namespace
}  // namespace glovebox::nsm
