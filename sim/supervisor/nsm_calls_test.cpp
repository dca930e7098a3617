// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/nsm_calls.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>

#include "sim/supervisor/testing/fake_notifier.h"
#include "sim/supervisor/testing/fake_tracee.h"

namespace glovebox::supervisor {
namespace {

constexpr std::uint64_t raw_at = 0x1000;
constexpr std::uint64_t request_at = 0x2000;
constexpr std::uint64_t response_at = 0x4000;

// Answers what it was asked, reversed, and counts.
class ReversingDevice final : public nsm::NsmDevice {
  public:
    Bytes process(BytesView request) override {
        ++requests;
        return {request.rbegin(), request.rend()};
    }
    [[nodiscard]] bool may_wait() const override { return is_slow; }
    std::atomic<int> requests = 0;
    bool is_slow = false;
};

class NsmCallsTest : public ::testing::Test {
  protected:
    NsmCallsTest()
        : calls_(device_, notifier_,
                 [this](const SystemCall& call) { return make(slow_request, call.arguments[2]); }) {
    }

    static std::unique_ptr<testing::FakeTracee> make(std::string_view request,
                                                     std::uint64_t raw = raw_at,
                                                     std::uint64_t room = 64) {
        auto tracee = std::make_unique<testing::FakeTracee>();
        tracee->put_text(request_at, request);
        tracee->memory[response_at].resize(room);
        tracee->put(raw, NsmRaw{{request_at, request.size()}, {response_at, room}});
        return tracee;
    }
    SyscallReply ask(testing::FakeTracee& tracee, std::uint64_t id = 1) {
        SystemCall call;
        call.id = id;
        call.arguments = {3, ioctl_nsm_raw, raw_at};
        return calls_.answer(call, tracee);
    }

    static constexpr std::string_view slow_request = "Attestation";
    ReversingDevice device_;
    testing::FakeNotifier notifier_;
    NsmCalls calls_;
};

TEST_F(NsmCallsTest, AQuickRequestIsAnsweredOnTheSpot) {
    const auto tracee = make("abc");
    EXPECT_EQ(ask(*tracee).kind(), SyscallReply::Kind::value);
    EXPECT_EQ(tracee->get<NsmRaw>(raw_at).response.length, 3u);
    EXPECT_EQ((tracee->get<std::array<char, 3>>(response_at)),
              (std::array<char, 3>{'c', 'b', 'a'}));
}

TEST_F(NsmCallsTest, AnAttestationIsAnsweredLaterAndWhatComesMeanwhileAfterIt) {
    const auto tracee = make(slow_request);
    EXPECT_EQ(ask(*tracee).kind(), SyscallReply::Kind::later);
    EXPECT_EQ(notifier_.wait_for(1).return_value(), 0);
    EXPECT_EQ(device_.requests, 1);
}

TEST_F(NsmCallsTest, ADeviceThatMayWaitIsNotAskedOnTheSpot) {
    device_.is_slow = true;
    const auto tracee = make("abc");
    EXPECT_EQ(ask(*tracee).kind(), SyscallReply::Kind::later);
    EXPECT_EQ(notifier_.wait_for(1).return_value(), 0);
}

TEST_F(NsmCallsTest, ARequestAtTheSamePlaceIsReadAtOnce) {
    const auto tracee = make("abc");
    (void)ask(*tracee);
    EXPECT_EQ(tracee->reads, 2);
    (void)ask(*tracee);
    EXPECT_EQ(tracee->reads, 3);
    for (const std::string_view request : {"xy", "a longer one", "", "other", "x"}) {
        tracee->put_text(request_at, request);
        tracee->put(raw_at, NsmRaw{{request_at, request.size()}, {response_at, 64}});
        EXPECT_EQ(ask(*tracee).kind(), SyscallReply::Kind::value);
        const auto& response = tracee->memory[response_at];
        EXPECT_EQ(std::string(response.begin(),
                              response.begin() + static_cast<std::ptrdiff_t>(request.size())),
                  std::string(request.rbegin(), request.rend()));
    }
    tracee->put_text(0x6000, "elsewhere");
    tracee->put(raw_at, NsmRaw{{0x6000, 9}, {response_at, 64}});
    (void)ask(*tracee);
    EXPECT_EQ(tracee->memory[response_at][0], 'e');
    EXPECT_EQ(tracee->memory[response_at][8], 'e');
}

TEST_F(NsmCallsTest, AResponseThatDoesNotFitIsCut) {
    const auto tracee = make("abcdef", raw_at, 4);
    EXPECT_EQ(ask(*tracee).kind(), SyscallReply::Kind::value);
    EXPECT_EQ(tracee->get<NsmRaw>(raw_at).response.length, 4u);
}

TEST_F(NsmCallsTest, ALongRequestIsEmsgsizeAndBadPointersAreEfault) {
    const auto tracee = make(std::string(0x1001, 'x'));
    EXPECT_EQ(ask(*tracee).errno_value(), EMSGSIZE);
    tracee->put(raw_at, NsmRaw{{0x9000, 3}, {response_at, 64}});
    EXPECT_EQ(ask(*tracee).errno_value(), EFAULT);
    tracee->memory.erase(raw_at);
    EXPECT_EQ(ask(*tracee).errno_value(), EFAULT);
    EXPECT_EQ(device_.requests, 0);
}

TEST_F(NsmCallsTest, ACallThatIsGoneIsNotCarriedOut) {
    const auto tracee = make("ExtendPCR");
    tracee->waits = false;
    EXPECT_EQ(ask(*tracee).errno_value(), EINTR);
    EXPECT_EQ(device_.requests, 0);
}

TEST_F(NsmCallsTest, AQueuedCallThatIsGoneIsNotCarriedOut) {
    notifier_.withdraw(1);
    const auto tracee = make(slow_request);
    EXPECT_EQ(ask(*tracee, 1).kind(), SyscallReply::Kind::later);
    EXPECT_EQ(ask(*tracee, 2).kind(), SyscallReply::Kind::later);
    (void)notifier_.wait_for(2);
    EXPECT_EQ(device_.requests, 1);
}

}  // namespace
}  // namespace glovebox::supervisor
