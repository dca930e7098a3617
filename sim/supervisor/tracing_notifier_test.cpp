// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/tracing_notifier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>

#include <cerrno>
#include <deque>

#include "core/testing/memory_log.h"
#include "sim/supervisor/ioctl_numbers.h"
#include "sim/supervisor/sockaddr_vm.h"
#include "sim/supervisor/socket_mark.h"
#include "sim/supervisor/testing/fake_notifier.h"
#include "sim/supervisor/testing/fake_tracee.h"

namespace glovebox::supervisor {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A kernel with calls in store.
class Kernel final : public Notifier {
  public:
    OrErrno<SystemCall> receive() override {
        if (calls.empty())
            return Errno{ENOENT};
        const SystemCall call = calls.front();
        calls.pop_front();
        return call;
    }
    bool is_valid(std::uint64_t) override { return true; }
    int send(std::uint64_t, const SyscallReply&) override { return failure; }

    std::deque<SystemCall> calls;
    int failure = 0;
};

class TracingNotifierTest : public ::testing::Test {
  protected:
    TracingNotifierTest()
        : tracing_(kernel_, log_, [this](const SystemCall&) {
              auto tracee = std::make_unique<testing::FakeTracee>();
              tracee->memory = memory_.memory;
              return tracee;
          }) {}

    void answer(int number, std::array<std::uint64_t, 6> arguments, const SyscallReply& reply) {
        SystemCall call;
        call.id = ++id_;
        call.thread = 1234;
        call.number = number;
        call.arguments = arguments;
        kernel_.calls.push_back(call);
        ASSERT_TRUE(tracing_.receive());
        (void)tracing_.send(id_, reply);
    }

    Kernel kernel_;
    core::MemoryLog log_;
    testing::FakeTracee memory_;
    TracingNotifier tracing_;
    std::uint64_t id_ = 0;
};

TEST_F(TracingNotifierTest, TellsACallWithItsAddressAndItsResult) {
    memory_.put(0x1000, make_sockaddr_vm({3, 8000}));
    answer(SYS_connect, {5, 0x1000, sizeof(sockaddr_vm)}, SyscallReply::value(0));
    answer(SYS_connect, {5, 0x1000, sizeof(sockaddr_vm)}, SyscallReply::error(ECONNRESET));
    EXPECT_THAT(log_.lines(), ElementsAre("info: 1234: connect(fd 5, 3:8000) = 0",
                                          "info: 1234: connect(fd 5, 3:8000) = ECONNRESET"));
}

TEST_F(TracingNotifierTest, TellsWhatBecomesOfAConnectInProgress) {
    memory_.put(0x1000, make_sockaddr_vm({3, 8000}));
    for (const bool refused : {true, false}) {
        UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        ASSERT_EQ(set_mark(socket.get(), {.connecting = refused, .error_pending = refused}), 0);
        answer(SYS_connect, {5, 0x1000, sizeof(sockaddr_vm)},
               SyscallReply::in_progress(std::move(socket)));
    }
    EXPECT_THAT(log_.lines(),
                ElementsAre("info: 1234: connect(fd 5, 3:8000) = EINPROGRESS, and then ECONNRESET",
                            "info: 1234: connect(fd 5, 3:8000) = EINPROGRESS, and then connected"));
}

TEST_F(TracingNotifierTest, TellsThePathOfADevice) {
    memory_.put_text(0x1000, "/dev/nsm");
    answer(SYS_openat, {0, 0x1000, 2}, SyscallReply::error(EMFILE));
    answer(SYS_newfstatat, {0, 0x1000, 0x2000, 0}, SyscallReply::value(0));
    EXPECT_THAT(log_.lines(), ElementsAre("info: 1234: openat(/dev/nsm) = EMFILE",
                                          "info: 1234: newfstatat(/dev/nsm) = 0"));
}

TEST_F(TracingNotifierTest, TellsWhatTheModuleWasAsked) {
    memory_.put_text(0x2000,
                     "\xa1\x69"
                     "ExtendPCR");
    memory_.put_text(0x3000,
                     "\xa1\x65"
                     "Error\x6d"
                     "ReadOnlyIndex");
    memory_.put(0x1000, NsmRaw{{0x2000, 11}, {0x3000, 21}});
    answer(SYS_ioctl, {3, ioctl_nsm_raw, 0x1000}, SyscallReply::value(0));
    EXPECT_THAT(log_.lines(), ElementsAre("info: 1234: NSM ExtendPCR = ReadOnlyIndex"));
}

TEST_F(TracingNotifierTest, SaysNothingOfWhatIsTheKernelsAffairOrIsGone) {
    answer(SYS_bind, {5, 0x1000, 16}, SyscallReply::pass_through());
    kernel_.failure = ENOENT;
    answer(SYS_socket, {40, 1}, SyscallReply::error(EINVAL));
    EXPECT_THAT(log_.lines(), IsEmpty());
}

TEST(NsmTrace, ReadsNamesAndStaysInsideTheBytes) {
    const auto name = [](std::string_view text) {
        return nsm_request_name({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
    };
    EXPECT_EQ(name("\x69GetRandom"), "GetRandom");
    EXPECT_EQ(name("\xa1\x78\x0b"
                   "Attestation"),
              "Attestation");
    for (const std::string_view broken : {"", "\xa1", "\x69Get", "\x78", "\x79\x01", "\x01"})
        EXPECT_EQ(name(broken), "?");
}

}  // namespace
}  // namespace glovebox::supervisor
