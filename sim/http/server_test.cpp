// SPDX-License-Identifier: Apache-2.0

#include "sim/http/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/write.hpp>
#include <future>
#include <list>
#include <mutex>
#include <thread>
#include <vector>

namespace glovebox::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::StartsWith;

struct LogLines final : Log {
    void write(const LogLine& line) override {
        const std::lock_guard lock(mutex);
        lines.push_back(line.message);
    }
    [[nodiscard]] bool wants(LogLevel) const override { return true; }
    [[nodiscard]] std::size_t count(std::string_view piece) {
        const std::lock_guard lock(mutex);
        std::size_t found = 0;
        for (const std::string& line : lines)
            found += line.find(piece) != std::string::npos ? 1 : 0;
        return found;
    }
    std::mutex mutex;
    std::vector<std::string> lines;
};

// A client that blocks.
class Client {
  public:
    explicit Client(const Address& address) : socket_(io_) {
        socket_.connect({asio::ip::make_address(address.ip), address.port});
    }

    void send(std::string_view text) { asio::write(socket_, asio::buffer(text)); }

    // All that comes until the server closes, or resets.
    std::string read_to_end() {
        std::string all;
        boost::system::error_code error;
        asio::read(socket_, asio::dynamic_buffer(all), error);
        return all;
    }

    // One response whose body is `body`.
    std::string read_until(std::string_view body) {
        std::string all;
        boost::system::error_code error;
        while (!error && !all.ends_with(body)) {
            char byte = 0;
            if (socket_.read_some(asio::buffer(&byte, 1), error) == 1)
                all += byte;
        }
        return all;
    }

    std::string get(std::string_view path) {
        send("GET " + std::string(path) + " HTTP/1.1\r\nHost: a\r\n\r\n");
        return read_until(path);
    }

  private:
    asio::io_context io_;
    tcp::socket socket_;
};

// A server whose responses repeat the request's target, or its body where it has one.
class ServerTest : public testing::Test {
  protected:
    ~ServerTest() override {
        context_.stop();
        if (thread_.joinable())
            thread_.join();
    }

    void start(ConnectionLimits limits = {}, ServerOptions options = {}) {
        options.address = {"127.0.0.1", 0};
        connections_.emplace(limits, log_);
        server_ =
            Server::start(
                context_.get_executor(), options,
                [this](const Request& request) {
                    if (request.target == "/throw")
                        throw std::runtime_error("a bug");
                    if (request.target == "/long" &&
                        released_.get_future().wait_for(patience) != std::future_status::ready)
                        throw std::runtime_error("nobody released it");
                    if (request.target == "/busy")
                        work_for(1ms);
                    if (request.target == "/pieces")
                        return Response{200, {}, "first ", {}, pieces()};
                    return Response{200, {}, request.body.empty() ? request.target : request.body};
                },
                *connections_, log_)
                .value();
        thread_ = std::thread([this] { context_.run(); });
    }

    [[nodiscard]] Client client() const { return Client(server_->local()); }

    // "second" after two questions, and then the end.
    static Response::Pieces pieces() {
        return [asked = 0]() mutable -> std::optional<std::string> {
            ++asked;
            return asked == 4 ? std::nullopt : std::optional(asked == 3 ? "second" : "");
        };
    }

    static constexpr auto patience = 20s;

    // Keeps the server's thread at work, as cryptography does.
    void work_for(std::chrono::milliseconds time) {
        const auto end = std::chrono::steady_clock::now() + time;
        while (std::chrono::steady_clock::now() < end) {
        }
        ++busy_requests_;
    }

    std::atomic<int> busy_requests_ = 0;
    LogLines log_;
    std::promise<void> released_;  // what a request for /long waits for
    std::optional<Connections> connections_;
    asio::io_context context_{1};
    std::unique_ptr<Server> server_;
    std::thread thread_;
};

TEST_F(ServerTest, AConnectionIsKeptAliveAndCloses) {
    start();
    Client client = this->client();
    EXPECT_THAT(client.get("/one"), StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(client.get("/two"), HasSubstr("Content-Length: 4\r\n"));
    client.send("GET /three HTTP/1.1\r\nConnection: close\r\n\r\n");
    EXPECT_THAT(client.read_to_end(), HasSubstr("\r\n\r\n/three"));
}

TEST_F(ServerTest, LongWorkKeepsNoOtherRequestWaiting) {
    asio::thread_pool worker(1);
    ServerOptions options;
    options.takes_long = [](const Request& request) { return request.target == "/long"; };
    options.long_work = worker.get_executor();
    start({}, options);
    Client waits = this->client();
    waits.send("GET /long HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_THAT(client().get("/short"), StartsWith("HTTP/1.1 200 OK\r\n"));
    released_.set_value();
    EXPECT_THAT(waits.read_until("/long"), StartsWith("HTTP/1.1 200 OK\r\n"));
    worker.join();
}

TEST_F(ServerTest, BodiesComeWithALengthInChunksOrAfterContinue) {
    start();
    Client client = this->client();
    client.send("POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nplain");
    EXPECT_THAT(client.read_until("plain"), HasSubstr("\r\n\r\nplain"));
    client.send(
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nchu\r\n3\r\nnks\r\n0\r\n\r\n");
    EXPECT_THAT(client.read_until("chunks"), HasSubstr("\r\n\r\nchunks"));
    client.send("POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    EXPECT_EQ(client.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("yes");
    EXPECT_THAT(client.read_until("yes"), HasSubstr("\r\n\r\nyes"));
}

TEST_F(ServerTest, RequestsComeSeveralAtOnceOrInPieces) {
    start();
    Client both = client();
    both.send(
        "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nxyzGET /b HTTP/1.1\r\nHost: "
        "a\r\n\r\n");
    EXPECT_THAT(both.read_until("xyz"), StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(both.read_until("/b"), StartsWith("HTTP/1.1 200 OK\r\n"));
    Client slow = client();
    for (const char byte : std::string_view("POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
                                            "chunked\r\n\r\n3\r\nxyz\r\n0\r\n\r\n"))
        slow.send({&byte, 1});
    EXPECT_THAT(slow.read_until("xyz"), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST_F(ServerTest, ABodyGoesOnInPiecesAndEndsTheConnection) {
    start();
    Client client = this->client();
    client.send("GET /pieces HTTP/1.1\r\nHost: a\r\n\r\n");
    const std::string response = client.read_to_end();
    EXPECT_THAT(response, HasSubstr("\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n"));
    EXPECT_THAT(response, testing::EndsWith("\r\n\r\n6\r\nfirst \r\n6\r\nsecond\r\n0\r\n\r\n"));
}

TEST_F(ServerTest, AHeadHasNoBody) {
    start();
    Client client = this->client();
    client.send("HEAD /abc HTTP/1.1\r\nConnection: close\r\n\r\n");
    const std::string response = client.read_to_end();
    EXPECT_THAT(response, HasSubstr("Content-Length: 4\r\n"));
    EXPECT_THAT(response, testing::EndsWith("\r\n\r\n"));
}

TEST_F(ServerTest, WhatIsTooLongOrNoHttpIsRefusedWithItsStatus) {
    ServerOptions options;
    options.body_bytes_max = 10;
    options.header_bytes_max = 1000;
    start({}, options);
    for (const auto& [request, status] :
         {std::pair<std::string, const char*>{"POST / HTTP/1.1\r\nContent-Length: 11\r\n\r\n",
                                              "413"},
          {"GET / HTTP/1.1\r\nX: " + std::string(2000, 'x') + "\r\n\r\n", "431"},
          {"\x16\x03\x01 hello\r\n\r\n", "400"},
          {"GET /throw HTTP/1.1\r\nConnection: close\r\n\r\n", "500"}}) {
        Client client = this->client();
        client.send(request);
        EXPECT_THAT(client.read_to_end(), StartsWith(std::string("HTTP/1.1 ") + status)) << request;
    }
    EXPECT_EQ(log_.count("a bug"), 1u);
}

TEST_F(ServerTest, IdleConnectionsMakeRoomForANewOne) {
    start({.connections = 4});
    Client used = client();
    used.get("/used");
    Client silent = client();
    Client half = client();
    half.send("GET /half HTTP/1.1\r\n");
    Client third = client();
    third.get("/after-them");
    used.get("/again");
    Client fourth = client();
    EXPECT_THAT(fourth.get("/ping"), HasSubstr("200 OK"));
    EXPECT_EQ(silent.read_to_end(), "");
    Client fifth = client();
    EXPECT_THAT(fifth.get("/ping"), HasSubstr("200 OK"));
    EXPECT_EQ(half.read_to_end(), "");
    EXPECT_THAT(used.get("/still"), HasSubstr("200 OK"));
    EXPECT_EQ(log_.count("all 4 connections are taken"), 1u);
}

TEST_F(ServerTest, ABodyThatIsNeverSentGivesItsMemoryToTheNext) {
    ServerOptions options;
    options.body_bytes_max = 100;
    start({.body_bytes = 150}, options);
    Client stuck = client();
    stuck.send("POST / HTTP/1.1\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n");
    stuck.read_until("\r\n\r\n");
    Client small = client();
    small.send("POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nsmall");
    EXPECT_THAT(small.read_until("small"), HasSubstr("200 OK"));
    Client large = client();
    large.send("POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\n" + std::string(100, 'x'));
    EXPECT_THAT(large.read_until(std::string(100, 'x')), HasSubstr("200 OK"));
    EXPECT_EQ(stuck.read_to_end(), "");
    EXPECT_EQ(log_.count("need more than"), 1u);
}

TEST_F(ServerTest, AConnectionThatCompletesNoRequestInTimeEnds) {
    ServerOptions options;
    options.idle_timeout = 50ms;
    start({}, options);
    for (const char* sent :
         {"", "GET / HTTP/1.1\r\n", "POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n1234",
          "GET / HTTP/1.1\r\n\r\n"}) {
        Client client = this->client();
        client.send(sent);
        client.read_to_end();
    }
}

TEST_F(ServerTest, WithoutATimeoutItIsLeftAlone) {
    ServerOptions options;
    options.idle_timeout = 0ms;
    start({}, options);
    Client client = this->client();
    asio::io_context io;
    asio::steady_timer(io, 50ms).wait();
    EXPECT_THAT(client.get("/ping"), HasSubstr("200 OK"));
}

TEST_F(ServerTest, WithoutDescriptorsItServesAndSaysSoOnce) {
#ifdef __SANITIZE_ADDRESS__
    GTEST_SKIP() << "ubsan looks at an object's vptr through a pipe, which needs descriptors";
#endif
    start();
    Client first = client();
    first.get("/first");
    std::list<Client> others;
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    for (int i = 0; i < 4; ++i)
        others.emplace_back(server_->local()).get("/other");
    // The lowest free descriptor is this client's, and the limit leaves none above it for the
    // server.
    asio::io_context io;
    tcp::socket late(io, tcp::v4());
    rlimit tight = before;
    tight.rlim_cur = static_cast<rlim_t>(late.native_handle()) + 1;
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &tight), 0);
    late.connect({asio::ip::make_address("127.0.0.1"), server_->local().port});
    asio::write(late,
                asio::buffer(std::string_view("GET /late HTTP/1.1\r\nConnection: close\r\n\r\n")));
    std::string response;
    boost::system::error_code error;
    asio::read(late, asio::dynamic_buffer(response), error);
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
    EXPECT_THAT(response, HasSubstr("/late"));
    EXPECT_EQ(log_.count("can't be accepted yet: Too many open files"), 1u);
}

// Between two reads of a body, each of the busy connections has a request answered.
TEST_F(ServerTest, ALongBodyWaitsForFewOfTheOthersRequests) {
    constexpr std::size_t body_bytes = 256 * 1024;
    constexpr int busy_clients = 4;
    start();
    std::atomic<bool> done = false;
    std::vector<std::thread> busy;
    for (int i = 0; i < busy_clients; ++i)
        busy.emplace_back([&] {
            Client client = this->client();
            while (!done)
                client.get("/busy");
        });
    while (busy_requests_ < busy_clients)
        std::this_thread::yield();
    Client client = this->client();
    const int before = busy_requests_;
    client.send("POST /long-body HTTP/1.1\r\nHost: a\r\nContent-Length: " +
                std::to_string(body_bytes) + "\r\n\r\n" + std::string(body_bytes, 'x'));
    (void)client.read_until("xxxx");
    const int meanwhile = busy_requests_ - before;
    done = true;
    for (std::thread& thread : busy)
        thread.join();
    // The body is read in some five steps. In steps of 512 bytes they would be 2,000 requests.
    EXPECT_LT(meanwhile, 200);
}

TEST(Address, IsAnIpAddressAndAPort) {
    EXPECT_EQ(to_string(parse_address("127.0.0.1:4599").value()), "127.0.0.1:4599");
    EXPECT_EQ(to_string(parse_address("[::1]:0").value()), "[::1]:0");
    EXPECT_TRUE(parse_address("[::1]:0")->is_loopback());
    EXPECT_FALSE(parse_address("192.0.2.1:80")->is_loopback());
    for (const char* text :
         {"", "4599", "localhost:80", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:x"})
        EXPECT_FALSE(parse_address(text)) << text;
}

}  // namespace
}  // namespace glovebox::http
