// SPDX-License-Identifier: Apache-2.0

#include "examples/attested-secret/https_client.h"

#include <fmt/core.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/system/errc.hpp>
#include <charconv>
#include <chrono>
#include <optional>

namespace glovebox::example {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;

namespace {

constexpr auto step_timeout = std::chrono::seconds(10);

struct Url {
    std::string host;
    std::string port = "443";
    std::string path = "/";
};

Result<Url> parse_url(std::string_view text, std::string_view scheme) {
    if (!text.starts_with(scheme))
        return invalid_input(fmt::format("\"{}\" is not a URL that starts with {}", text, scheme));
    std::string_view rest = text.substr(scheme.size());
    Url url;
    if (const auto slash = rest.find('/'); slash != std::string_view::npos) {
        url.path = rest.substr(slash);
        rest = rest.substr(0, slash);
    }
    if (const auto colon = rest.rfind(':');
        colon != std::string_view::npos && !rest.ends_with(']')) {
        url.port = rest.substr(colon + 1);
        rest = rest.substr(0, colon);
    }
    if (rest.starts_with('[') && rest.ends_with(']'))
        rest = rest.substr(1, rest.size() - 2);
    url.host = rest;
    if (url.host.empty())
        return invalid_input(fmt::format("\"{}\" names no host", text));
    return url;
}

std::optional<tcp::endpoint> endpoint_of(const Url& url) {
    boost::system::error_code error;
    const auto address = asio::ip::make_address(url.host, error);
    std::uint16_t port = 0;
    const char* last = url.port.data() + url.port.size();
    const auto [end, failure] = std::from_chars(url.port.data(), last, port);
    if (error || failure != std::errc() || end != last)
        return std::nullopt;
    return tcp::endpoint(address, port);
}

}  // namespace

asio::awaitable<Result<HttpsAnswer>> https_get(HttpsRequest request) {
    const auto url = parse_url(request.url, "https://");
    if (!url)
        co_return url.error();
    const auto proxy = parse_url(request.proxy, "http://");
    if (!proxy)
        co_return proxy.error().in("HTTPS_PROXY");
    const auto proxy_endpoint = endpoint_of(*proxy);
    if (!proxy_endpoint)
        co_return invalid_input(fmt::format(
            "HTTPS_PROXY {} needs an address and a port, for example http://127.0.0.1:3128; "
            "an enclave has no resolver",
            request.proxy));

    boost::system::error_code error;
    auto caught = asio::redirect_error(asio::use_awaitable, error);
    const auto failed = [&](std::string_view step) {
        return Error(error, fmt::format("{}: {}: {}", request.url, step, error.message()));
    };

    beast::tcp_stream tcp_stream(co_await asio::this_coro::executor);
    tcp_stream.expires_after(step_timeout);
    co_await tcp_stream.async_connect(*proxy_endpoint, caught);
    if (error)
        co_return failed("connecting to the proxy " + request.proxy);

    const std::string authority =
        (url->host.find(':') == std::string::npos ? url->host : "[" + url->host + "]") + ":" +
        url->port;
    http::request<http::empty_body> connect(http::verb::connect, authority, 11);
    connect.set(http::field::host, authority);
    co_await http::async_write(tcp_stream, connect, caught);
    if (error)
        co_return failed("asking the proxy to connect");
    beast::flat_buffer buffer;
    http::response_parser<http::string_body> connected;
    co_await http::async_read_header(tcp_stream, buffer, connected, caught);
    if (error)
        co_return failed("reading the proxy's answer");
    if (connected.get().result() != http::status::ok) {
        co_await http::async_read(tcp_stream, buffer, connected, caught);
        std::string reason = connected.get().body();
        while (!reason.empty() && reason.back() == '\n')
            reason.pop_back();
        co_return Error(make_error_code(boost::system::errc::permission_denied),
                        fmt::format("{}: the proxy answered {}: {}", request.url,
                                    connected.get().result_int(), reason));
    }

    asio::ssl::context tls(asio::ssl::context::tls_client);
    tls.set_verify_mode(asio::ssl::verify_peer);
    tls.load_verify_file(request.trust_file, error);
    if (error)
        co_return failed("reading the trusted certificates from " + request.trust_file);
    beast::ssl_stream<beast::tcp_stream> stream(std::move(tcp_stream), tls);
    stream.set_verify_callback(asio::ssl::host_name_verification(url->host));
    beast::get_lowest_layer(stream).expires_after(step_timeout);
    co_await stream.async_handshake(asio::ssl::stream_base::client, caught);
    if (error)
        co_return failed("TLS handshake");

    http::request<http::empty_body> get(http::verb::get, url->path, 11);
    get.set(http::field::host, url->host);
    get.set(http::field::connection, "close");
    co_await http::async_write(stream, get, caught);
    if (error)
        co_return failed("sending the request");
    http::response<http::string_body> answer;
    buffer.clear();
    co_await http::async_read(stream, buffer, answer, caught);
    if (error)
        co_return failed("reading the answer");
    co_return HttpsAnswer{answer.result_int(), std::move(answer.body())};
}

}  // namespace glovebox::example
