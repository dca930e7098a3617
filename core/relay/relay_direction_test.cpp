// SPDX-License-Identifier: Apache-2.0

// Which way the bytes take: copied or spliced, and what that costs in descriptors.
#include "core/relay/relay_direction.h"

#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <array>
#include <filesystem>
#include <thread>
#include <vector>

#include "core/testing/relay_fixture.h"

namespace glovebox::core {
namespace {

TEST(RelayDirection, SmallMessagesNeverNeedAPipe) {
    RelayFixture relay(Family::tcp, Family::unix_socket, {});
    relay.start();
    for (int i = 0; i < 100; ++i) {
        relay.run(write_all(relay.client, "ping")).value();
        std::array<char, 16> buffer;
        EXPECT_EQ(relay.run(read_some(relay.server, buffer)).value(), 4U);
    }
    EXPECT_EQ(relay.pipes.in_use() + relay.pipes.idle(), 0U);
}

TEST(RelayDirection, AnIdleConnectionHoldsNoPipe) {
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

TEST(RelayDirection, AThousandConnectionsAtOnceNeedFewDescriptorsBesideTheirOwn) {
    constexpr std::size_t connections = 1000;
    constexpr std::uint64_t size = 256 * 1024;
    if (raise_descriptor_limit().now < connections * 4 + 200)
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

TEST(RelayDirection, CopiesFromAStreamThatCannotBeSpliced) {
    move_much_without_splice(false);
}

TEST(RelayDirection, CopiesToAStreamThatCannotBeSplicedTo) {
    move_much_without_splice(true);
}

}  // namespace
}  // namespace glovebox::core
