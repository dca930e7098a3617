// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/metadata_redirect.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <cerrno>

#include "sim/supervisor/testing/fake_tracee.h"

namespace glovebox::supervisor {
namespace {

using testing::address_at;

constexpr int fd = 7;

sockaddr_in address(const char* ip, std::uint16_t port) {
    sockaddr_in out{};
    out.sin_family = AF_INET;
    out.sin_port = htons(port);
    ::inet_pton(AF_INET, ip, &out.sin_addr);
    return out;
}

class MetadataRedirectTest : public ::testing::Test {
  protected:
    MetadataRedirectTest()
        : service_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)),
          client_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in bound = address("127.0.0.1", 0);
        socklen_t length = sizeof bound;
        EXPECT_EQ(::bind(service_.get(), reinterpret_cast<sockaddr*>(&bound), length), 0);
        EXPECT_EQ(::getsockname(service_.get(), reinterpret_cast<sockaddr*>(&bound), &length), 0);
        at_ = bound;
        tracee_.descriptors[fd] = client_.get();
    }

    std::optional<SyscallReply> connect(sockaddr_in to, int number = SYS_connect,
                                        std::uint64_t length = sizeof(sockaddr_in)) {
        tracee_.put(address_at, to);
        SystemCall call;
        call.number = number;
        call.arguments = {fd, address_at, length};
        return MetadataRedirect(at_).answer(call, tracee_);
    }

    UniqueFd service_;
    UniqueFd client_;
    sockaddr_in at_{};
    testing::FakeTracee tracee_;
};

TEST_F(MetadataRedirectTest, TheMetadataAddressLeadsToTheService) {
    ASSERT_EQ(::listen(service_.get(), 1), 0);
    const auto reply = connect(address("169.254.169.254", 80));
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->kind(), SyscallReply::Kind::value);
    EXPECT_EQ(reply->return_value(), 0);
    const UniqueFd accepted(::accept(service_.get(), nullptr, nullptr));
    EXPECT_TRUE(accepted);
}

TEST_F(MetadataRedirectTest, WhereNobodyListensItIsRefusedAsTheKernelDoes) {
    const auto reply = connect(address("169.254.169.254", 80));
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->errno_value(), ECONNREFUSED);
}

TEST_F(MetadataRedirectTest, EverythingElseIsTheKernelsAffair) {
    ASSERT_EQ(::listen(service_.get(), 1), 0);
    EXPECT_FALSE(connect(address("169.254.169.254", 443)));
    EXPECT_FALSE(connect(address("169.254.169.253", 80)));
    EXPECT_FALSE(connect(address("169.254.169.254", 80), SYS_bind));
    EXPECT_FALSE(connect(address("169.254.169.254", 80), SYS_connect, 8));
    sockaddr_in other = address("169.254.169.254", 80);
    other.sin_family = AF_UNIX;
    EXPECT_FALSE(connect(other));
}

TEST_F(MetadataRedirectTest, ADescriptorThatIsNotOpenIsBad) {
    tracee_.descriptors.clear();
    EXPECT_EQ(connect(address("169.254.169.254", 80))->errno_value(), EBADF);
}

}  // namespace
}  // namespace glovebox::supervisor
