// SPDX-License-Identifier: Apache-2.0

// For tests: a proxy from end to end, with clients over the memory transport and a target on
// loopback.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/proxy/proxy.h"
#include "core/service/process_setup.h"
#include "core/stream/stream_io.h"
#include "core/testing/fake_resolver.h"
#include "core/testing/memory_log.h"
#include "core/testing/memory_transport.h"
#include "core/testing/run.h"

namespace glovebox::core {

class ProxyTest : public testing::Test {
  protected:
    static constexpr Cid enclave_cid = 16;
    using tcp = boost::asio::ip::tcp;

    ProxyTest()
        : parent_(network_, cid_parent),
          enclave_(network_, enclave_cid),
          target_(context_, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0)) {
        ignore_sigpipe();
        target_text_ = "127.0.0.1:" + std::to_string(target_.local_endpoint().port());
    }

    // A proxy with these rules ("target" is the target's own) and one route.
    VsockAddress start(std::initializer_list<std::string> rules, const std::string& route) {
        Allowlist allowlist;
        for (const std::string& rule : rules)
            allowlist.add(TargetRule::parse(rule == "target" ? target_text_ : rule).value());
        dialer_.emplace(std::move(allowlist), resolver_, dialer_options_);
        proxy_.emplace(Loops{{context_.get_executor(), pipes_}}, parent_, *dialer_, log_, options_);
        const VsockAddress address = proxy_->listen(parse_proxy_route(route).value()).value();
        spawn(context_, [](Proxy& proxy, bool& ended) -> boost::asio::awaitable<void> {
            co_await proxy.run();
            ended = true;
        }(*proxy_, ended_));
        return address;
    }

    template <class T>
    T run(boost::asio::awaitable<T> work) {
        return core::run(context_, std::move(work));
    }

    Stream connect(VsockAddress address) {
        return std::move(run(enclave_.connect(address, std::chrono::seconds(10))).value().stream);
    }

    Stream accept() {
        tcp::socket socket =
            run([](tcp::acceptor& acceptor) -> boost::asio::awaitable<tcp::socket> {
                auto accepted = co_await acceptor.async_accept(boost::asio::use_awaitable);
                co_return accepted;
            }(target_));
        return stream_of(std::move(socket));
    }

    void say(Stream& stream, std::string_view text) { run(write_all(stream, text)).value(); }

    std::string hear(Stream& stream, std::size_t size) {
        std::string text;
        std::array<char, 4096> buffer;
        while (text.size() < size) {
            const std::size_t got = run(read_some(stream, buffer)).value();
            if (got == 0)
                break;
            text.append(buffer.data(), got);
        }
        return text;
    }

    static boost::asio::awaitable<std::string> read_to_end(Stream& stream) {
        std::string text;
        std::array<char, 4096> buffer;
        while (true) {
            const auto got = co_await read_some(stream, buffer);
            if (!got || *got == 0)
                co_return text;
            text.append(buffer.data(), *got);
        }
    }

    std::string rest(Stream& stream) { return run(read_to_end(stream)); }

    // The whole answer to a request on a connection of its own.
    std::string answer_to(VsockAddress proxy, std::string_view request) {
        Stream stream = connect(proxy);
        say(stream, request);
        return rest(stream);
    }

    void run_until_ended() {
        const auto end = std::chrono::steady_clock::now() + test_patience;
        context_.restart();
        while (!ended_ && context_.run_one_until(end) > 0) {
        }
    }

    void run_until_logged(const std::string& piece) {
        const auto end = std::chrono::steady_clock::now() + test_patience;
        context_.restart();
        const auto logged = [&] {
            for (const std::string& line : log_.lines())
                if (line.find(piece) != std::string::npos)
                    return true;
            return false;
        };
        while (!logged() && context_.run_one_until(end) > 0) {
        }
        EXPECT_THAT(log_.lines(), testing::Contains(testing::HasSubstr(piece)));
    }

    std::string connect_head(const std::string& target) {
        return "CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\n\r\n";
    }

    boost::asio::io_context context_;
    MemoryNetwork network_;
    MemoryTransport parent_;
    MemoryTransport enclave_;
    tcp::acceptor target_;
    std::string target_text_;
    FakeResolver resolver_;
    DialerOptions dialer_options_;
    ProxyOptions options_;
    MemoryLog log_;
    PipePool pipes_;
    std::optional<Dialer> dialer_;
    std::optional<Proxy> proxy_;
    bool ended_ = false;
};

}  // namespace glovebox::core
