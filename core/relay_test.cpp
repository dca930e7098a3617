// A relay between two streams, over each pair of families and by each way of moving bytes.
//
//   client ==pair== first |relay| second ==pair== server
#include "core/relay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <array>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/base/random_source.h"
#include "core/process_setup.h"
#include "core/stream_io.h"
#include "core/testing/memory_transport.h"
#include "core/testing/run.h"

namespace glovebox::core {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr std::uint64_t mebibyte = 1024 * 1024;

enum class Family { unix_socket, tcp };

// A stretch of noise that is sent over and over. Its length has no common divisor with any buffer,
// so that a lost, doubled or swapped piece shows.
const std::string& noise() {
    static const std::string bytes = [] {
        std::string text(1'000'003, '\0');
        SeededRandom(20).fill({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
        return text;
    }();
    return bytes;
}

asio::awaitable<void> send_noise(Stream& stream, std::uint64_t bytes) {
    for (std::uint64_t sent = 0; sent < bytes;) {
        const std::size_t at = sent % noise().size();
        const auto piece = std::string_view(noise()).substr(at, bytes - sent);
        const auto result = co_await write_all(stream, piece);
        sent += result.value();
    }
    stream.shutdown(asio::socket_base::shutdown_send);
}

// Reads to the end; the number of bytes, each of them right.
asio::awaitable<std::uint64_t> read_noise(Stream& stream) {
    std::vector<char> buffer(100'003);
    std::uint64_t total = 0;
    while (true) {
        const auto result = co_await read_some(stream, buffer);
        const std::size_t got = result.value();
        if (got == 0)
            co_return total;
        for (std::size_t i = 0; i < got;) {
            const auto expected =
                std::string_view(noise()).substr((total + i) % noise().size(), got - i);
            if (std::string_view(buffer.data() + i, expected.size()) != expected)
                throw std::runtime_error("wrong bytes after " + std::to_string(total));
            i += expected.size();
        }
        total += got;
    }
}

// Everything until the end, and the error that it ended with, if any.
struct Rest {
    std::string text;
    boost::system::error_code error;
};
asio::awaitable<Rest> read_rest(Stream& stream) {
    Rest rest;
    std::array<char, 4096> buffer;
    while (true) {
        const auto got = co_await read_some(stream, buffer);
        if (!got)
            rest.error = got.error().code;
        if (!got || *got == 0)
            co_return rest;
        rest.text.append(buffer.data(), *got);
    }
}

void reset(Stream& stream) {
    stream.set_option(asio::socket_base::linger(true, 0));
    stream.close();
}

class RelayFixture {
  public:
    RelayFixture(Family left, Family right, PipePoolOptions pipe_options)
        : pipes(pipe_options),
          left_(pair(left)),
          right_(pair(right)),
          client(std::move(left_.first)),
          server(std::move(right_.second)) {
        ignore_sigpipe();
    }

    void start(RelayOptions options = {}) {
        asio::co_spawn(
            context, relay(std::move(left_.second), std::move(right_.first), pipes, options),
            asio::bind_cancellation_slot(
                stop.slot(), [this](const std::exception_ptr&, RelayResult r) { result = r; }));
    }

    RelayResult wait() {
        const auto end = std::chrono::steady_clock::now() + test_patience;
        context.restart();
        while (!result && context.run_one_until(end) > 0) {
        }
        return result.value();
    }

    template <class T>
    T run(asio::awaitable<T> work) {
        return core::run(context, std::move(work));
    }

    // Runs what can run without anything new from outside.
    void settle() {
        context.restart();
        while (context.poll() > 0) {
        }
    }

    // The descriptor that the relay writes to for the server.
    [[nodiscard]] int second_number() { return right_.first.native_handle(); }

  private:
    std::pair<Stream, Stream> pair(Family family) {
        return family == Family::tcp ? tcp_pair(context.get_executor())
                                     : stream_pair(context.get_executor());
    }

  public:
    asio::io_context context;
    PipePool pipes;
    asio::cancellation_signal stop;
    std::optional<RelayResult> result;

  private:
    std::pair<Stream, Stream> left_;
    std::pair<Stream, Stream> right_;

  public:
    Stream client;
    Stream server;
};

struct RelayCase {
    Family left;
    Family right;
    std::size_t pipes_max;
};

std::string name_of(const testing::TestParamInfo<RelayCase>& info) {
    const auto family = [](Family f) { return f == Family::tcp ? "Tcp" : "Unix"; };
    return std::string(family(info.param.left)) + "To" + family(info.param.right) +
           (info.param.pipes_max > 0 ? "Spliced" : "Copied");
}

class RelayOverFamilies : public RelayFixture, public testing::TestWithParam<RelayCase> {
  protected:
    RelayOverFamilies()
        : RelayFixture(GetParam().left, GetParam().right, {.pipes_max = GetParam().pipes_max}) {}
    [[nodiscard]] bool client_is_tcp() const { return GetParam().left == Family::tcp; }
    [[nodiscard]] bool server_is_tcp() const { return GetParam().right == Family::tcp; }
};

INSTANTIATE_TEST_SUITE_P(Relay, RelayOverFamilies,
                         testing::Values(RelayCase{Family::unix_socket, Family::unix_socket, 48},
                                         RelayCase{Family::unix_socket, Family::tcp, 48},
                                         RelayCase{Family::tcp, Family::unix_socket, 48},
                                         RelayCase{Family::tcp, Family::tcp, 48},
                                         RelayCase{Family::tcp, Family::unix_socket, 0},
                                         RelayCase{Family::unix_socket, Family::tcp, 0}),
                         name_of);

TEST_P(RelayOverFamilies, AnAnswerComesBackAfterTheRequestsEnd) {
    start();
    run(write_all(client, "request")).value();
    client.shutdown(asio::socket_base::shutdown_send);
    EXPECT_EQ(run(read_rest(server)).text, "request");
    run(write_all(server, "the answer")).value();
    server.close();
    const Rest rest = run(read_rest(client));
    EXPECT_EQ(rest.text, "the answer");
    EXPECT_FALSE(rest.error);
    EXPECT_EQ(wait().end, RelayEnd::finished);
    EXPECT_EQ(result->first_to_second, 7U);
    EXPECT_EQ(result->second_to_first, 10U);
    EXPECT_FALSE(result->error);
}

TEST_P(RelayOverFamilies, TheServerMayEndFirstAndGoOnReading) {
    start();
    run(write_all(server, "banner")).value();
    server.shutdown(asio::socket_base::shutdown_send);
    EXPECT_EQ(run(read_rest(client)).text, "banner");
    run(write_all(client, "thanks")).value();
    client.close();
    EXPECT_EQ(run(read_rest(server)).text, "thanks");
    EXPECT_EQ(wait().end, RelayEnd::finished);
}

TEST_P(RelayOverFamilies, SixtyFourMebibytesBothWaysAtOnceArriveWhole) {
    constexpr std::uint64_t size = 64 * mebibyte;
    start();
    spawn(context, send_noise(client, size));
    spawn(context, send_noise(server, size));
    std::uint64_t at_client = 0;
    spawn(context, [](Stream& stream, std::uint64_t& total) -> asio::awaitable<void> {
        total = co_await read_noise(stream);
    }(client, at_client));
    EXPECT_EQ(run(read_noise(server)), size);
    EXPECT_EQ(wait().end, RelayEnd::finished);
    settle();
    EXPECT_EQ(at_client, size);
    EXPECT_EQ(result->first_to_second, size);
    EXPECT_EQ(result->second_to_first, size);
    EXPECT_EQ(pipes.in_use(), 0U);
}

TEST_P(RelayOverFamilies, ASenderWaitsForAReceiverThatDoesNotRead) {
    start();
    // Writes until nothing moves any more, though the relay has had its turn.
    std::uint64_t sent = 0;
    for (bool moved = true; moved;) {
        moved = false;
        while (true) {
            const auto piece = std::string_view(noise()).substr(sent % noise().size(), 65536);
            const ssize_t n = ::send(client.native_handle(), piece.data(), piece.size(),
                                     MSG_DONTWAIT | MSG_NOSIGNAL);
            if (n <= 0)
                break;
            sent += static_cast<std::uint64_t>(n);
            moved = true;
        }
        settle();
    }
    EXPECT_GT(sent, 65536U);
    EXPECT_LT(sent, 64 * mebibyte) << "nothing holds the sender back";
    client.shutdown(asio::socket_base::shutdown_send);
    EXPECT_EQ(run(read_noise(server)), sent);
    server.close();
    EXPECT_EQ(wait().end, RelayEnd::finished);
    EXPECT_EQ(result->first_to_second, sent);
}

TEST_P(RelayOverFamilies, AResetIsPassedOnAfterWhatCameBeforeIt) {
    start();
    run(write_all(client, "last words")).value();
    settle();
    if (client_is_tcp()) {
        reset(client);
    } else {
        // An AF_UNIX peer resets by closing over bytes that it has not read.
        run(write_all(server, "never read")).value();
        settle();
        client.close();
    }
    const Rest rest = run(read_rest(server));
    EXPECT_EQ(rest.text, "last words");
    EXPECT_EQ(rest.error, server_is_tcp() ? make_error_code(asio::error::connection_reset)
                                          : boost::system::error_code());
    EXPECT_EQ(wait().end, RelayEnd::first_reset);
    EXPECT_EQ(result->error, asio::error::connection_reset);
}

TEST_P(RelayOverFamilies, AnAnswerReachesAClientThatIsStillSending) {
    start();
    // The server refuses an upload that it has not read, as HTTP servers do.
    constexpr std::size_t upload = 300'000;
    run(write_all(client, std::string_view(noise()).substr(0, upload))).value();
    settle();
    run(write_all(server, "413")).value();
    server.close();
    const Rest rest = run(read_rest(client));
    EXPECT_EQ(rest.text, "413");
    client.close();
    EXPECT_EQ(wait().end, RelayEnd::second_reset);
    EXPECT_EQ(result->second_to_first, 3U);
}

TEST_P(RelayOverFamilies, AClosedReceiverIsResetToItsSender) {
    start();
    client.close();
    settle();
    EXPECT_FALSE(result) << "the server has not ended yet";
    boost::system::error_code error;
    // The first write may be taken by kernels on the way; what follows is not.
    for (int i = 0; i < 1000 && !error; ++i) {
        const auto written = run(write_all(server, std::string_view(noise()).substr(0, 65536)));
        if (!written)
            error = written.error().code;
    }
    EXPECT_TRUE(error == asio::error::broken_pipe || error == asio::error::connection_reset)
        << error.message();
    EXPECT_EQ(wait().end, RelayEnd::first_reset);
}

TEST_P(RelayOverFamilies, NothingMovedForTheIdleTimeoutEndsIt) {
    start({.idle_timeout = 30ms});
    EXPECT_EQ(wait().end, RelayEnd::idle_timeout);
    const Rest rest = run(read_rest(client));
    EXPECT_EQ(rest.error, client_is_tcp() ? make_error_code(asio::error::connection_reset)
                                          : boost::system::error_code());
}

TEST_P(RelayOverFamilies, ABlockedReceiverIsIdleToo) {
    start({.idle_timeout = 100ms});
    spawn(context, [](Stream& stream) -> asio::awaitable<void> {
        // Ends with an error, when the relay gives up.
        static_cast<void>(co_await write_all(stream, std::string(64 * mebibyte, 'x')));
    }(client));
    EXPECT_EQ(wait().end, RelayEnd::idle_timeout);
    EXPECT_EQ(pipes.in_use(), 0U);
    settle();
}

TEST_P(RelayOverFamilies, IsCalledOffByCancellation) {
    start();
    run(write_all(client, "x")).value();
    settle();
    stop.emit(asio::cancellation_type::terminal);
    EXPECT_EQ(wait().end, RelayEnd::cancelled);
    EXPECT_EQ(result->first_to_second, 1U);
}

TEST(Relay, SmallMessagesNeverNeedAPipe) {
    RelayFixture relay(Family::tcp, Family::unix_socket, {});
    relay.start();
    for (int i = 0; i < 100; ++i) {
        relay.run(write_all(relay.client, "ping")).value();
        std::array<char, 16> buffer;
        EXPECT_EQ(relay.run(read_some(relay.server, buffer)).value(), 4U);
    }
    EXPECT_EQ(relay.pipes.in_use() + relay.pipes.idle(), 0U);
}

TEST(Relay, AnIdleConnectionHoldsNoPipe) {
    RelayFixture relay(Family::tcp, Family::unix_socket, {});
    relay.start();
    spawn(relay.context, [](Stream& stream) -> asio::awaitable<void> {
        static_cast<void>(co_await write_all(stream, noise()));
    }(relay.client));
    std::vector<char> buffer(100'000);
    for (std::size_t got = 0; got < noise().size();)
        got += relay.run(read_some(relay.server, buffer)).value();
    relay.settle();
    EXPECT_FALSE(relay.result);
    EXPECT_GE(relay.pipes.idle(), 1U) << "bulk was not spliced";
    EXPECT_EQ(relay.pipes.in_use(), 0U);
}

TEST(Relay, ActivityPutsTheIdleTimeoutOff) {
    RelayFixture relay(Family::unix_socket, Family::unix_socket, {});
    relay.start({.idle_timeout = 1s});
    const auto end = std::chrono::steady_clock::now() + 1500ms;
    std::array<char, 16> buffer;
    while (std::chrono::steady_clock::now() < end) {
        relay.run(write_all(relay.client, "ping")).value();
        ASSERT_EQ(relay.run(read_some(relay.server, buffer)).value(), 4U);
    }
    EXPECT_FALSE(relay.result);
}

// Nobody would ever hear of it again: the client is gone and the server waits for it to speak.
TEST(Relay, AServerThatNeverEndsIsLetGoAfterItsClientHas) {
    RelayFixture relay(Family::unix_socket, Family::tcp, {});
    relay.start({.linger = 30ms});
    relay.client.close();
    EXPECT_EQ(relay.wait().end, RelayEnd::finished);
    const Rest rest = relay.run(read_rest(relay.server));
    EXPECT_FALSE(rest.error) << "the client ended well";
}

TEST(Relay, ATcpResetWhileNothingMovesIsNoticedEvenAfterAHalfClose) {
    RelayFixture relay(Family::tcp, Family::unix_socket, {});
    relay.start();
    relay.client.shutdown(asio::socket_base::shutdown_send);
    EXPECT_EQ(relay.run(read_rest(relay.server)).text, "");
    reset(relay.client);
    EXPECT_EQ(relay.wait().end, RelayEnd::first_reset);
}

// The bytes before a reset are in the kernel's hands when it comes, and stay there until the slow
// reader takes them.
TEST(Relay, ASlowReaderGetsAllThatCameBeforeAReset) {
    RelayFixture relay(Family::unix_socket, Family::tcp, {});
    relay.start();
    constexpr std::uint64_t size = 2 * mebibyte;
    spawn(relay.context, [](Stream& stream) -> asio::awaitable<void> {
        for (std::uint64_t sent = 0; sent < size;) {
            const auto piece = std::string_view(noise()).substr(sent % noise().size(), size - sent);
            const auto result = co_await write_all(stream, piece);
            sent += result.value();
        }
        reset(stream);
    }(relay.client));
    // Closing over an unread byte is AF_UNIX's reset.
    relay.run(write_all(relay.server, "unread")).value();
    relay.settle();
    std::vector<char> buffer(10'000);
    std::uint64_t total = 0;
    boost::system::error_code error;
    while (!error) {
        const auto got = relay.run(read_some(relay.server, buffer));
        if (!got)
            error = got.error().code;
        else if (*got == 0)
            break;
        else
            total += *got;
    }
    EXPECT_EQ(total, size);
    EXPECT_EQ(error, asio::error::connection_reset);
    EXPECT_EQ(relay.wait().end, RelayEnd::first_reset);
}

TEST(Relay, AThousandConnectionsAtOnceNeedFewDescriptorsBesideTheirOwn) {
    constexpr std::size_t connections = 1000;
    constexpr std::uint64_t size = 256 * 1024;
    if (raise_descriptor_limit() < connections * 4 + 200)
        GTEST_SKIP() << "the limit on open descriptors is too low for 4 a connection";
    ignore_sigpipe();
    asio::io_context context;
    PipePool pipes;
    std::vector<Stream> clients;
    std::vector<Stream> servers;
    std::size_t finished = 0;
    const auto count_descriptors = [] {
        return static_cast<std::size_t>(
            std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {}));
    };
    const std::size_t before = count_descriptors();
    for (std::size_t i = 0; i < connections; ++i) {
        auto [client, first] = stream_pair(context.get_executor());
        auto [second, server] = stream_pair(context.get_executor());
        clients.push_back(std::move(client));
        servers.push_back(std::move(server));
        asio::co_spawn(context, relay(std::move(first), std::move(second), pipes),
                       [&](const std::exception_ptr&, RelayResult result) {
                           finished += result.end == RelayEnd::finished &&
                                       result.first_to_second == size &&
                                       result.second_to_first == size;
                       });
    }
    std::size_t whole = 0;
    const auto read = [](Stream& stream, std::size_t& count) -> asio::awaitable<void> {
        const std::uint64_t got = co_await read_noise(stream);
        count += got == size;
    };
    // All senders first: every connection is stuck with bytes in flight before any reader begins.
    for (std::size_t i = 0; i < connections; ++i) {
        spawn(context, send_noise(clients[i], size));
        spawn(context, send_noise(servers[i], size));
    }
    while (context.poll() > 0) {
    }
    EXPECT_LE(count_descriptors(), before + connections * 4 + 2 * PipePoolOptions{}.pipes_max + 8);
    for (std::size_t i = 0; i < connections; ++i) {
        spawn(context, read(clients[i], whole));
        spawn(context, read(servers[i], whole));
    }
    context.restart();
    context.run_for(test_patience);
    EXPECT_EQ(whole, connections * 2);
    EXPECT_EQ(finished, connections);
    EXPECT_EQ(pipes.in_use(), 0U);
}

// From now on splice(2) fails with EINVAL in this thread: always, or only into one descriptor.
void forbid_splice(std::optional<int> into = std::nullopt) {
    const auto fd_out = static_cast<std::uint32_t>(offsetof(seccomp_data, args[2]));
    const auto compared = static_cast<std::uint32_t>(into.value_or(0));
    std::array<sock_filter, 6> program{{
        {BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, nr)},
        {BPF_JMP | BPF_JEQ | BPF_K, 0, 3, SYS_splice},
        {BPF_LD | BPF_W | BPF_ABS, 0, 0, into ? fd_out : 0},
        {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, into ? compared : static_cast<std::uint32_t>(SYS_splice)},
        {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | EINVAL},
        {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
    }};
    sock_fprog filter{program.size(), program.data()};
    ASSERT_EQ(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    ASSERT_EQ(::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter), 0);
}

void move_much_without_splice(bool only_out) {
    // A filter can't be taken back: it lives and dies with a thread of its own.
    std::thread([only_out] {
        RelayFixture relay(Family::unix_socket, Family::tcp, {});
        if (only_out)
            forbid_splice(relay.second_number());
        else
            forbid_splice();
        relay.start();
        constexpr std::uint64_t size = 4 * mebibyte;
        spawn(relay.context, send_noise(relay.client, size));
        EXPECT_EQ(relay.run(read_noise(relay.server)), size);
        relay.server.close();
        EXPECT_EQ(relay.wait().end, RelayEnd::finished);
        EXPECT_EQ(relay.pipes.in_use(), 0U);
    }).join();
}

TEST(Relay, CopiesFromAStreamThatCannotBeSpliced) {
    move_much_without_splice(false);
}

TEST(Relay, CopiesToAStreamThatCannotBeSplicedTo) {
    move_much_without_splice(true);
}

TEST(RelayResult, IsDescribedInOneLine) {
    EXPECT_EQ(describe({RelayEnd::finished, 5, 7, {}}, "enclave", "target", 1200ms),
              "finished, 5 bytes from enclave, 7 bytes from target, 1 s");
    EXPECT_EQ(
        describe({RelayEnd::second_reset, 5, 7, make_error_code(asio::error::connection_reset)},
                 "enclave", "target", 3ms),
        "target broke off (Connection reset by peer), 5 bytes from enclave, 7 bytes from "
        "target, 3 ms");
}

}  // namespace
}  // namespace glovebox::core
