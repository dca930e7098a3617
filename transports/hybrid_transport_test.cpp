// SPDX-License-Identifier: Apache-2.0

#include "transports/hybrid_transport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "core/base/testing/temporary_directory.h"
#include "core/stream/stream_io.h"
#include "core/testing/run.h"
#include "transports/testing/monitor.h"

namespace glovebox::transports {
namespace {

using namespace std::chrono_literals;
using core::VsockAddress;
using testing::HasSubstr;

class HybridTransportTest : public testing::Test {
  protected:
    [[nodiscard]] std::string path(const std::string& name = "v.sock") const {
        return scratch_ / name;
    }

    // A monitor that answers every connection so, in pieces of one byte.
    UniqueFd answering_monitor(const std::string& at) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, at.c_str(), sizeof address.sun_path - 1);
        UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        EXPECT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
                  0);
        EXPECT_EQ(::listen(socket.get(), 10), 0);
        return socket;
    }
    static boost::asio::awaitable<Result<core::Connection>> answered(boost::asio::io_context& io,
                                                                     HybridTransport& transport,
                                                                     int monitor,
                                                                     std::string answer) {
        auto answering = [](boost::asio::io_context& on, int listening,
                            std::string text) -> boost::asio::awaitable<void> {
            int accepted = -1;
            while ((accepted =
                        ::accept4(listening, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) < 0)
                co_await boost::asio::post(on, boost::asio::use_awaitable);
            auto host = core::Stream::make(on.get_executor(), UniqueFd(accepted)).value();
            for (const char byte : text)
                static_cast<void>(co_await core::write_all(host, {&byte, 1}));
            if (text.empty())
                co_return;
            host.shutdown_send();
            char dropped[64];
            while (true) {
                const auto got = co_await core::read_some(host, dropped);
                if (!got || *got == 0)
                    co_return;
            }
        };
        boost::asio::co_spawn(io, answering(io, monitor, std::move(answer)), boost::asio::detached);
        co_return co_await transport.connect({16, 5005}, 200ms);
    }

    TemporaryDirectory scratch_;
    boost::asio::io_context io_;
    HybridTransport transport_{io_.get_executor(), {{16, path()}}};
};

TEST_F(HybridTransportTest, AGuestIsNamedByItsCid) {
    EXPECT_EQ(parse_hybrid_guest("16=/run/v.sock").value(), (HybridGuest{16, "/run/v.sock"}));
    EXPECT_EQ(parse_hybrid_guest("3=v=x.sock").value(), (HybridGuest{3, "v=x.sock"}));
    for (const char* text : {"", "16", "16=", "=/run/v.sock", "2=/run/v.sock", "any=/v", "x=/v"}) {
        const auto guest = parse_hybrid_guest(text);
        ASSERT_FALSE(guest) << text;
        EXPECT_THAT(guest.error().message, HasSubstr("16=/run/vm/v.sock")) << text;
    }
}

TEST_F(HybridTransportTest, BytesBehindTheAnswerAreTheGuests) {
    const UniqueFd monitor = answering_monitor(path());
    auto connection =
        core::run(io_, answered(io_, transport_, monitor.get(), "OK 1073741824\nhello"));
    ASSERT_TRUE(connection) << connection.error().message;
    EXPECT_EQ(connection->local, (VsockAddress{core::cid_host, 1073741824}));
    EXPECT_EQ(connection->peer, (VsockAddress{16, 5005}));
    std::string text;
    std::array<char, 64> buffer;
    for (std::size_t got = 1; got > 0;) {
        got = core::run(io_, core::read_some(connection->stream, buffer)).value();
        text.append(buffer.data(), got);
    }
    EXPECT_EQ(text, "hello");
}

TEST_F(HybridTransportTest, AnythingElseThanOkIsAnError) {
    const UniqueFd monitor = answering_monitor(path());
    const auto errno_for = [&](const std::string& answer) {
        auto connection = core::run(io_, answered(io_, transport_, monitor.get(), answer));
        return connection ? 0 : connection.error().code.value();
    };
    EXPECT_EQ(errno_for(""), ECONNRESET) << "nobody listens";
    EXPECT_EQ(errno_for("OK"), ECONNRESET) << "broken off";
    EXPECT_EQ(errno_for("OK \n"), EPROTO);
    EXPECT_EQ(errno_for("OK -1\n"), EPROTO);
    EXPECT_EQ(errno_for("OK 5 \n"), EPROTO);
    EXPECT_EQ(errno_for("ERR 5\n"), EPROTO);
    EXPECT_EQ(errno_for("OK 4294967296\n"), EPROTO);
    EXPECT_EQ(errno_for(std::string(100, 'x')), EPROTO);
}

TEST_F(HybridTransportTest, AMonitorThatDoesNotAnswerIsGivenUp) {
    const UniqueFd monitor = answering_monitor(path());
    const auto connection = core::run(io_, transport_.connect({16, 5005}, 20ms));
    ASSERT_FALSE(connection);
    EXPECT_EQ(connection.error().code, boost::asio::error::timed_out);
}

TEST_F(HybridTransportTest, WithoutAMonitorTheErrorNamesItsSocket) {
    auto gone = core::run(io_, transport_.connect({16, 5005}, 1s));
    ASSERT_FALSE(gone);
    EXPECT_EQ(gone.error().code.value(), ENODEV);
    EXPECT_THAT(gone.error().message, HasSubstr(path()));
    gone = core::run(io_, transport_.connect({17, 5005}, 1s));
    ASSERT_FALSE(gone);
    EXPECT_EQ(gone.error().code.value(), ENODEV);
    EXPECT_THAT(gone.error().message, HasSubstr("--guest 17=SOCKET"));
}

TEST_F(HybridTransportTest, EachGuestHasASocketOfItsOwn) {
    HybridTransport two(io_.get_executor(), {{16, path("a.sock")}, {17, path("b.sock")}});
    auto listener = two.listen({core::cid_any, 8000}).value();
    EXPECT_EQ(listener->local(), (VsockAddress{core::cid_host, 8000}));
    GuestDialler first(io_.get_executor(), path("a.sock"), 16);
    GuestDialler second(io_.get_executor(), path("b.sock"), 17);
    const auto to = core::run(io_, second.connect({core::cid_host, 8000}, 1s));
    EXPECT_EQ(core::run(io_, listener->accept()).value().peer.cid, 17U);
    const auto other = core::run(io_, first.connect({core::cid_host, 8000}, 1s));
    EXPECT_EQ(core::run(io_, listener->accept()).value().peer.cid, 16U);
    listener.reset();
    EXPECT_EQ(TemporaryDirectory::entries_in(scratch_.path()), 0U);
}

TEST_F(HybridTransportTest, ALiveSocketIsNotTakenOver) {
    const auto listener = transport_.listen({core::cid_any, 8000}).value();
    const auto taken = transport_.listen({core::cid_host, 8000});
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().code.value(), EADDRINUSE);
    EXPECT_THAT(taken.error().message, HasSubstr(path("v.sock_8000")));
    std::ofstream(path("v.sock_8001")) << "no socket";
    EXPECT_EQ(transport_.listen({core::cid_host, 8001}).error().code.value(), EADDRINUSE);
}

TEST_F(HybridTransportTest, ANameThatAnotherHasByThenStays) {
    auto listener = transport_.listen({core::cid_any, 8000}).value();
    std::filesystem::remove(path("v.sock_8000"));
    std::ofstream(path("v.sock_8000")) << "another's";
    listener.reset();
    EXPECT_TRUE(std::filesystem::exists(path("v.sock_8000")));
}

TEST_F(HybridTransportTest, ASocketHasTheOwnerOfItsDirectory) {
    if (::geteuid() != 0)
        GTEST_SKIP() << "only root gives files away";
    constexpr uid_t monitors_user = 61001;
    ASSERT_EQ(::chown(scratch_.path().c_str(), monitors_user, monitors_user), 0);
    const auto listener = transport_.listen({core::cid_any, 8000}).value();
    struct stat status {};
    ASSERT_EQ(::stat(path("v.sock_8000").c_str(), &status), 0);
    EXPECT_EQ(status.st_uid, monitors_user);
}

TEST_F(HybridTransportTest, LongPathsAreNoObstacle) {
    const std::string deep = scratch_ / std::string(150, 'd');
    std::filesystem::create_directory(deep);
    HybridTransport transport(io_.get_executor(), {{16, deep + "/v.sock"}});
    EXPECT_TRUE(transport.listen({core::cid_any, 8000}));
    EXPECT_EQ(core::run(io_, transport.connect({16, 5005}, 1s)).error().code.value(), ENODEV);
}

}  // namespace
}  // namespace glovebox::transports
