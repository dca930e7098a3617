// SPDX-License-Identifier: Apache-2.0

#include "core/http/tunnel.h"

#include <fmt/core.h>

#include <array>
#include <boost/asio/error.hpp>
#include <utility>

#include "core/address/proxy_error.h"
#include "core/base/clock.h"
#include "core/stream/stream_io.h"
#include "core/stream/timeout.h"

namespace glovebox::core {
namespace {

namespace asio = boost::asio;
using AnswerState = ConnectAnswer::State;

// The proxy's reason follows its head at once; one that does not end is cut.
constexpr std::chrono::seconds reason_patience{1};

Error left_early() {
    return Error(asio::error::make_error_code(asio::error::connection_reset),
                 "the proxy left without an answer");
}

asio::awaitable<Result<std::size_t>> read_reason(Stream& proxy, ConnectAnswer& answer) {
    std::array<char, ConnectAnswer::reason_bytes_max> buffer;
    for (std::size_t had = 0; had < ConnectAnswer::reason_bytes_max;) {
        const auto got = co_await read_some(proxy, buffer);
        if (!got || *got == 0)
            co_return got;
        answer.feed({buffer.data(), *got});
        had += *got;
    }
    co_return std::size_t{0};
}

asio::awaitable<Result<ConnectAnswer>> read_answer(Stream& proxy, std::string request) {
    ConnectAnswer answer;
    const auto sent = co_await write_all(proxy, request);
    if (!sent)
        co_return sent.error();
    std::array<char, 4096> buffer;
    while (answer.state() == AnswerState::needs_more) {
        const auto got = co_await read_some(proxy, buffer);
        if (!got)
            co_return got.error();
        if (*got == 0)
            co_return left_early();
        answer.feed({buffer.data(), *got});
    }
    co_return answer;
}

}  // namespace

std::string connect_request(const Target& target) {
    return fmt::format("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\n\r\n", to_string(target));
}

asio::awaitable<Result<ConnectAnswer>> ask_proxy(Stream& proxy, std::string request,
                                                 std::chrono::milliseconds patience) {
    auto answer = co_await with_timeout(
        read_answer(proxy, std::move(request)), patience,
        Error(asio::error::make_error_code(asio::error::timed_out),
              fmt::format("the proxy did not answer within {}", format_duration(patience))));
    if (answer && answer->state() == AnswerState::refused)
        static_cast<void>(
            co_await with_timeout(read_reason(proxy, *answer), reason_patience, left_early()));
    co_return answer;
}

asio::awaitable<Result<std::string>> open_tunnel(Stream& proxy, Target target,
                                                 std::chrono::milliseconds patience) {
    auto answer = co_await ask_proxy(proxy, connect_request(target), patience);
    if (!answer)
        co_return answer.error();
    if (answer->state() == AnswerState::opened)
        co_return answer->take_early_bytes();
    if (answer->state() == AnswerState::not_http)
        co_return Error(ProxyError::tunnel_refused,
                        "what listens there answers CONNECT by something else than HTTP: start "
                        "glovebox proxy with a listener PORT=connect on the parent");
    co_return Error(ProxyError::tunnel_refused,
                    fmt::format("the proxy answers {}: {}", answer->status(), answer->reason()));
}

}  // namespace glovebox::core
