// SPDX-License-Identifier: Apache-2.0

#include "core/service/status_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "core/base/testing/temporary_directory.h"
#include "core/stream/stream_io.h"
#include "core/testing/memory_log.h"
#include "core/testing/relay_fixture.h"

namespace glovebox::core {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

class StatusServerTest : public testing::Test {
  protected:
    StatusServerTest() { ignore_sigpipe(); }

    Result<std::unique_ptr<StatusServer>> start(const std::string& address) {
        return StatusServer::start(
            context_.get_executor(), parse_status_address(address).value(),
            {{"/healthz", [] { return StatusPage{.body = "ready\n"}; }},
             {"/bad", [] { return StatusPage{.status = 503, .body = "draining\n"}; }}},
            pipes_, log_);
    }

    UniqueFd connect(const StatusAddress& address) {
        const auto* const path = std::get_if<std::string>(&address);
        UniqueFd socket(::socket(path != nullptr ? AF_UNIX : AF_INET,
                                 SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        sockaddr_un name{};
        name.sun_family = AF_UNIX;
        if (path != nullptr) {
            std::memcpy(name.sun_path, path->data(), path->size());
            EXPECT_EQ(::connect(socket.get(), reinterpret_cast<sockaddr*>(&name), sizeof name), 0);
        } else {
            const auto endpoint = std::get<asio::ip::tcp::endpoint>(address);
            static_cast<void>(
                ::connect(socket.get(), endpoint.data(), static_cast<socklen_t>(endpoint.size())));
        }
        return socket;
    }

    std::string ask(const StatusServer& server, std::string_view request) {
        Stream stream =
            std::move(Stream::make(context_.get_executor(), connect(server.local())).value());
        core::run(context_, write_all(stream, request)).value();
        return core::run(context_, read_rest(stream)).text;
    }

    asio::io_context context_;
    PipePool pipes_;
    MemoryLog log_;
    TemporaryDirectory directory_;
};

TEST_F(StatusServerTest, PagesByTcp) {
    const auto server = start("127.0.0.1:0").value();
    EXPECT_EQ(ask(*server, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"),
              "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: "
              "6\r\nCache-Control: no-store\r\nConnection: close\r\n\r\nready\n");
    EXPECT_THAT(ask(*server, "GET /bad?x HTTP/1.0\r\n\r\n"),
                AllOf(StartsWith("HTTP/1.1 503 "), HasSubstr("draining")));
    EXPECT_THAT(ask(*server, "HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n"),
                AllOf(HasSubstr("Content-Length: 6\r\n"), testing::EndsWith("\r\n\r\n")));
    EXPECT_THAT(ask(*server, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
                AllOf(StartsWith("HTTP/1.1 404 "), HasSubstr("/bad\n/healthz\n")));
    EXPECT_THAT(ask(*server, "POST /healthz HTTP/1.1\r\nHost: x\r\n\r\n"),
                StartsWith("HTTP/1.1 405 "));
    EXPECT_EQ(ask(*server, "not HTTP\r\n\r\n"), "");
}

TEST_F(StatusServerTest, AUnixSocketIsItsUsersAloneAndEndsWithTheServer) {
    const std::string path = directory_.path() + "/status.sock";
    auto server = start(path).value();
    struct stat status {};
    ASSERT_EQ(::lstat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0600U);
    EXPECT_THAT(ask(*server, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"), HasSubstr("ready"));
    server.reset();
    EXPECT_NE(::lstat(path.c_str(), &status), 0);
}

TEST_F(StatusServerTest, ASocketThatIsLeftOverIsReplacedAndNothingElse) {
    const std::string path = directory_.path() + "/status.sock";
    const auto first = start(path).value();
    const auto second = start(path);
    ASSERT_FALSE(second);
    EXPECT_THAT(second.error().message, AllOf(HasSubstr(path), HasSubstr("in use")));
    const std::string left = directory_.path() + "/left.sock";
    {
        const UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_un name{};
        name.sun_family = AF_UNIX;
        std::memcpy(name.sun_path, left.data(), left.size());
        ASSERT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&name), sizeof name), 0);
    }
    EXPECT_TRUE(start(left));
    const std::string file = directory_.path() + "/file";
    ASSERT_GE(UniqueFd(::creat(file.c_str(), 0600)).get(), 0);
    EXPECT_FALSE(start(file));
    EXPECT_EQ(::access(file.c_str(), F_OK), 0);
}

TEST(StatusAddress, AreAddressesOrPaths) {
    EXPECT_EQ(to_string(parse_status_address("[::1]:9100").value()), "[::1]:9100");
    EXPECT_EQ(to_string(parse_status_address("localhost:9100").value()), "127.0.0.1:9100");
    EXPECT_EQ(to_string(parse_status_address("./s").value()), "./s");
    for (const char* bad : {"", "9100", "example.com:9100", "127.0.0.1", "127.0.0.1:x", ":9100"})
        EXPECT_FALSE(parse_status_address(bad)) << bad;
    EXPECT_TRUE(is_local(parse_status_address("127.0.0.2:1").value()));
    EXPECT_TRUE(is_local(parse_status_address("/run/x").value()));
    EXPECT_FALSE(is_local(parse_status_address("0.0.0.0:1").value()));
}

}  // namespace
}  // namespace glovebox::core
