// SPDX-License-Identifier: Apache-2.0

// For tests: a name server on a loopback address, by UDP and TCP, which answers from a table.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace glovebox::core {

struct DnsAnswer {
    std::vector<std::string> addresses{};  // of both families; each question gets its own
    std::uint32_t ttl = 60;
    std::string alias_of{};     // a CNAME before the addresses
    std::uint8_t rcode = 0;     // 2: SERVFAIL
    bool is_silent = false;     // no answer at all
    bool drops_v4 = false;      // none to a question for A
    bool drops_v6 = false;      // none to one for AAAA
    bool is_truncated = false;  // by UDP: empty, with the TC bit
};

// Any name without an answer does not exist.
class DnsServer {
  public:
    // Port 0 is any that is free for UDP and TCP. It serves while the context runs.
    DnsServer(boost::asio::io_context& context, const std::string& address, std::uint16_t port = 0);
    DnsServer(const DnsServer&) = delete;
    DnsServer& operator=(const DnsServer&) = delete;
    ~DnsServer();

    [[nodiscard]] std::uint16_t port() const;
    void answer(const std::string& name, DnsAnswer answer);
    // What was asked so far: "a.example A udp edns", in the order of arrival.
    [[nodiscard]] const std::vector<std::string>& questions() const;

  private:
    struct State;
    static boost::asio::awaitable<void> serve_udp(std::shared_ptr<State> state);
    static boost::asio::awaitable<void> serve_tcp(std::shared_ptr<State> state);

    std::shared_ptr<State> state_;
};

}  // namespace glovebox::core
