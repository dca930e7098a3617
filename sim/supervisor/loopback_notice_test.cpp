// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/loopback_notice.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "sim/supervisor/testing/fake_tracee.h"

namespace glovebox::supervisor {
namespace {

using testing::address_at;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Lines : public Log {
  public:
    void write(const LogLine& line) override { lines.push_back(line.message); }
    [[nodiscard]] bool wants(LogLevel) const override { return true; }
    std::vector<std::string> lines;
};

// A tracee whose sockets are made in a network namespace of its own, where lo is down.
class InNewNetwork : public testing::FakeTracee {
  public:
    OrErrno<UniqueFd> make_socket(int type) override {
        ++asked;
        OrErrno<UniqueFd> made = Errno{EPERM};
        std::thread([&] {
            if (::unshare(CLONE_NEWNET) == 0)
                made = UniqueFd(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
        }).join();
        return made;
    }
    int asked = 0;
};

class LoopbackNoticeTest : public ::testing::Test {
  protected:
    void SetUp() override {
        const auto made = tracee_.make_socket(SOCK_DGRAM);
        if (!made)
            GTEST_SKIP() << "this user may not make network namespaces";
    }

    void bind(const char* ip, std::uint16_t port, int number = SYS_bind) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        ::inet_pton(AF_INET, ip, &address.sin_addr);
        tracee_.put(address_at, address);
        SystemCall call;
        call.number = number;
        call.arguments = {7, address_at, sizeof address};
        notice_.look(call, tracee_);
    }
    void bind6(const char* ip, std::uint16_t port) {
        sockaddr_in6 address{};
        address.sin6_family = AF_INET6;
        address.sin6_port = htons(port);
        ::inet_pton(AF_INET6, ip, &address.sin6_addr);
        tracee_.put(address_at, address);
        SystemCall call;
        call.number = SYS_bind;
        call.arguments = {7, address_at, sizeof address};
        notice_.look(call, tracee_);
    }

    InNewNetwork tracee_;
    Lines log_;
    LoopbackNotice notice_{log_};
};

TEST_F(LoopbackNoticeTest, AProgramThatListensWhileLoIsDownIsToldOnce) {
    bind("127.0.0.1", 8080);
    bind("127.0.0.1", 8081);
    EXPECT_THAT(log_.lines,
                ElementsAre(HasSubstr("the program listens on 127.0.0.1:8080 while the interface "
                                      "lo is down")));
    EXPECT_THAT(log_.lines.front(), HasSubstr("vsock:PORT=8080"));
}

TEST_F(LoopbackNoticeTest, TheOtherFamilyCountsToo) {
    bind6("::1", 8080);
    EXPECT_THAT(log_.lines, ElementsAre(HasSubstr("listens on [::1]:8080 while")));
}

TEST_F(LoopbackNoticeTest, EveryAddressIsTheSame) {
    bind("0.0.0.0", 8080);
    EXPECT_THAT(log_.lines, ElementsAre(HasSubstr("listens on 0.0.0.0:8080 while")));
}

TEST_F(LoopbackNoticeTest, EverythingElseIsLeftAlone) {
    const int before = tracee_.asked;
    bind("0.0.0.0", 0);
    bind("192.0.2.1", 8080);
    bind("127.0.0.1", 8080, SYS_connect);
    bind6("2001:db8::1", 8080);
    EXPECT_EQ(tracee_.asked, before);
    EXPECT_TRUE(log_.lines.empty());
}

TEST(LoopbackNotice, NothingIsSaidWhereLoIsUp) {
    testing::FakeTracee here;
    ifreq request{};
    std::memcpy(request.ifr_name, "lo", sizeof "lo");
    const auto socket = here.make_socket(SOCK_DGRAM);
    if (!socket || ::ioctl(socket->get(), SIOCGIFFLAGS, &request) != 0 ||
        (request.ifr_flags & IFF_UP) == 0)
        GTEST_SKIP() << "lo is down here";
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(8080);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    here.put(address_at, address);
    SystemCall call;
    call.number = SYS_bind;
    call.arguments = {7, address_at, sizeof address};
    Lines log;
    LoopbackNotice(log).look(call, here);
    EXPECT_TRUE(log.lines.empty());
}

}  // namespace
}  // namespace glovebox::supervisor
