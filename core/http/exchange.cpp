// SPDX-License-Identifier: Apache-2.0

#include "core/http/exchange.h"

#include <fmt/core.h>

#include <algorithm>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/http/field.hpp>
#include <utility>

#include "core/base/ascii.h"
#include "core/base/clock.h"
#include "core/http/forwarded_head.h"
#include "core/http/message_stream.h"
#include "core/stream/asio_result.h"
#include "core/stream/peer_presence.h"

namespace glovebox::core {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using std::chrono::steady_clock;

// A length, or one coding that the parser undoes: no other Transfer-Encoding was asked for.
bool is_plainly_framed(const http::fields& fields) {
    const auto count = fields.count(http::field::transfer_encoding);
    const auto value = fields[http::field::transfer_encoding];
    return count == 0 ||
           (count == 1 && equals_ignoring_case({value.data(), value.size()}, "chunked"));
}

class Exchange {
  public:
    Exchange(Stream& client, Stream& target, ProxyRequest request, ExchangeOptions options,
             TrafficCounts& traffic)
        : client_(client),
          target_(target),
          traffic_(traffic),
          request_(std::move(request)),
          options_(std::move(options)),
          from_client_(client, request_.take_early_bytes()),
          from_target_(target, {}),
          sent_(from_client_) {}

    asio::awaitable<ExchangeResult> run() {
        using namespace asio::experimental::awaitable_operators;
        if (const auto head = sent_.take_head(request_.take_head()); !head) {
            refuse(HttpStatus::bad_request, "http_request_error",
                   "the request can't be read: " + head.error().message);
            co_return std::move(result_);
        }
        watch_by_keep_alive(target_.native_handle());
        const BodyFraming framing{sent_.parser().content_length()
                                      ? std::optional(*sent_.parser().content_length())
                                      : std::nullopt,
                                  sent_.parser().chunked()};
        MessageWriter<true> to_target(
            target_, forwarded_request(sent_.message(), request_.origin_form(), host(), framing),
            traffic_);
        request_is_whole_ = sent_.parser().is_done();
        // Where the head can't be written, answer() finds out why, or that no answer came.
        const auto begun = co_await to_target.write_head();
        if (request_is_whole_ || !begun)
            co_await (answer() || client_leaves() || silence());
        else
            co_await (answer() || send_body(to_target) || client_leaves() || silence());
        result_.unread = from_client_.take_unread();
        co_return std::move(result_);
    }

  private:
    // As RFC 9110 7.2 has it: without the port that http:// has anyway.
    [[nodiscard]] std::string host() const {
        const std::string text = to_string(request_.target());
        constexpr TcpPort http_port = 80;
        return request_.target().port == http_port ? text.substr(0, text.rfind(':')) : text;
    }

    // The first of the parts that run at once decides; the others are cancelled then, which looks
    // like a failure to them.
    [[nodiscard]] bool decides() { return !std::exchange(is_decided_, true); }

    void refuse(HttpStatus status, std::string_view proxy_error, std::string sentence) {
        if (!decides())
            return;
        result_.failure = sentence;
        if (result_.status == 0)
            result_.refusal = HttpRefusal{status, proxy_error, std::move(sentence)};
        else
            result_.was_cut = true;
    }

    // The target's response to the client, and how it ended.
    asio::awaitable<void> answer() {
        const bool is_http_1_0 = sent_.message().version() < 11;
        while (true) {
            MessageReader<false> got(from_target_);
            got.parser().skip(request_.method() == "HEAD");
            const auto head = co_await got.read_head();
            if (!head) {
                refuse_for(head.error());
                co_return;
            }
            const unsigned status = got.message().result_int();
            if (status == 101) {
                refuse(HttpStatus::bad_gateway, "http_protocol_error",
                       "the target switches to another protocol, which it was not asked for");
                co_return;
            }
            if (status >= 200) {
                co_await pass_on(got, is_http_1_0);
                co_return;
            }
            if (is_http_1_0)
                continue;
            MessageWriter<false> interim(client_, forwarded_response(got.message(), {}, false),
                                         traffic_);
            if (!co_await interim.write_head())
                co_return client_left();
        }
    }

    asio::awaitable<void> pass_on(MessageReader<false>& got, bool is_http_1_0) {
        const auto& parser = got.parser();
        const unsigned status = got.message().result_int();
        const bool has_none = request_.method() == "HEAD" || status == 204 || status == 304;
        if (!has_none && !is_plainly_framed(got.message())) {
            refuse(HttpStatus::bad_gateway, "http_protocol_error",
                   "the target's response has a Transfer-Encoding other than \"chunked\"");
            co_return;
        }
        BodyFraming framing;
        if (const auto length = parser.content_length(); length && status != 204)
            framing.length = *length;
        const bool ends_by_itself = has_none || framing.length.has_value();
        framing.is_chunked = !ends_by_itself && !is_http_1_0;
        const bool closes =
            is_http_1_0 || !request_is_whole_ || !sent_.parser().keep_alive() || options_.is_last();
        MessageWriter<false> to_client(client_, forwarded_response(got.message(), framing, closes),
                                       traffic_);
        result_.status = static_cast<int>(status);
        if (!co_await to_client.write_head())
            co_return client_left();
        while (true) {
            const auto block = co_await got.read_body();
            if (!block) {
                refuse_for(block.error());
                co_return;
            }
            if (block->empty())
                break;
            if (!co_await to_client.write_body(*block))
                co_return client_left();
        }
        if (!co_await to_client.write_end())
            co_return client_left();
        result_.client_stays = decides() && !closes;
    }

    // The request's body to the target. Returns if that is the end of the exchange.
    asio::awaitable<void> send_body(MessageWriter<true>& to_target) {
        while (true) {
            const auto block = co_await sent_.read_body();
            if (!block) {
                const bool left = block.error().code == http::error::partial_message ||
                                  block.error().code.category() == boost::system::system_category();
                if (left)
                    client_left();
                else
                    refuse(HttpStatus::bad_request, "http_request_error",
                           "the body of the request can't be read: " + block.error().message);
                co_return;
            }
            if (block->empty())
                break;
            // A target that takes no more may still answer.
            if (!co_await to_target.write_body(*block))
                co_await for_ever();
        }
        if (co_await to_target.write_end())
            request_is_whole_ = true;
        co_await for_ever();
    }

    static asio::awaitable<void> for_ever() {
        asio::steady_timer never(co_await asio::this_coro::executor,
                                 steady_clock::time_point::max());
        co_await never.async_wait(as_result);
    }

    // A response, or its rest, can't be had from the target.
    void refuse_for(const Error& failure) {
        if (failure.code == asio::error::operation_aborted)
            return;
        if (failure.code == http::error::end_of_stream)
            refuse(HttpStatus::bad_gateway, "connection_terminated",
                   "the target closed the connection without an answer");
        else if (failure.code == http::error::partial_message)
            refuse(HttpStatus::bad_gateway, "http_response_incomplete",
                   "the target closed the connection before the end of its response");
        else if (failure.code.category() == boost::system::system_category())
            refuse(HttpStatus::bad_gateway, "connection_terminated",
                   "the target broke off: " + failure.message);
        else
            refuse(HttpStatus::bad_gateway, "http_protocol_error",
                   "the target's response is not HTTP/1.1: " + failure.message);
    }

    void client_left() {
        if (!decides())
            return;
        result_.failure = "the client left";
        result_.client_left = true;
        result_.was_cut = true;
    }

    // The next two end when the client has gone or nothing has moved for too long, and when they
    // are cancelled.
    asio::awaitable<void> client_leaves() {
        co_await asio::this_coro::throw_if_cancelled(false);
        const auto failure = co_await client_.ready(Stream::Event::hung_up);
        if (!failure)
            client_left();
    }

    asio::awaitable<void> silence() {
        co_await asio::this_coro::throw_if_cancelled(false);
        asio::steady_timer timer(co_await asio::this_coro::executor);
        const auto limit = options_.idle_timeout;
        std::uint64_t moved = 0;
        auto since = steady_clock::now();
        while (true) {
            timer.expires_after(limit == limit.zero() ? options_.look_interval
                                                      : std::min(options_.look_interval, limit));
            const auto [cancelled] = co_await timer.async_wait(as_result);
            if (cancelled)
                co_return;
            if (has_left(client_))
                co_return client_left();
            const auto now = traffic_.from_client.get() + traffic_.from_target.get();
            since = std::max({since, from_client_.last_read(), from_target_.last_read()});
            if (std::exchange(moved, now) != now)
                since = steady_clock::now();
            if (limit != limit.zero() && steady_clock::now() - since >= limit)
                co_return refuse(HttpStatus::gateway_timeout, "http_response_timeout",
                                 "nothing came for " + format_duration(limit));
        }
    }

    Stream& client_;
    Stream& target_;
    TrafficCounts& traffic_;
    ProxyRequest request_;
    ExchangeOptions options_;
    MessageSource from_client_;
    MessageSource from_target_;
    MessageReader<true> sent_;
    bool request_is_whole_ = false;
    bool is_decided_ = false;
    ExchangeResult result_;
};

}  // namespace

asio::awaitable<ExchangeResult> exchange(Stream& client, Stream& target, ProxyRequest request,
                                         ExchangeOptions options, TrafficCounts& traffic) {
    Exchange one(client, target, std::move(request), std::move(options), traffic);
    co_return co_await one.run();
}

}  // namespace glovebox::core
