// SPDX-License-Identifier: Apache-2.0

#include "sim/http/server.h"

#include <fmt/core.h>
#include <openssl/ssl.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <charconv>

namespace glovebox::http {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;

namespace {

// Before the next accept, when there are no descriptors left.
constexpr auto accept_pause = std::chrono::milliseconds(100);

// Clients fail in different ways while somebody sets them up, and each is worth a line then.
constexpr unsigned handshake_lines_a_minute = 10;

// Whether accept(2) failed for want of something that another connection holds.
bool is_shortage(const boost::system::error_code& failure) {
    namespace errc = boost::system::errc;
    return failure == errc::too_many_files_open || failure == errc::too_many_files_open_in_system ||
           failure == errc::no_buffer_space || failure == errc::not_enough_memory;
}

int choose_http11(SSL*, const unsigned char** out, unsigned char* out_length,
                  const unsigned char* offered, unsigned int offered_length, void*) {
    static constexpr unsigned char http11[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
    unsigned char* chosen = nullptr;
    if (SSL_select_next_proto(&chosen, out_length, http11, sizeof http11, offered,
                              offered_length) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_NOACK;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

Result<std::unique_ptr<asio::ssl::context>> make_tls(const TlsIdentity& identity) {
    auto context = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_server);
    boost::system::error_code error;
    context->use_certificate_chain(asio::buffer(identity.certificate_chain), error);
    if (error)
        return Error(error, "the server's certificate: " + error.message());
    context->use_private_key(asio::buffer(identity.private_key), asio::ssl::context::pem, error);
    if (error)
        return Error(error, "the server's private key: " + error.message());
    SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
    SSL_CTX_set_alpn_select_cb(context->native_handle(), choose_http11, nullptr);
    return context;
}

void describe_connection(beast::tcp_stream&, Request&) {}

void describe_connection(beast::ssl_stream<beast::tcp_stream>& stream, Request& request) {
    SSL* ssl = stream.native_handle();
    request.tls_version = SSL_get_version(ssl);
    request.tls_cipher = SSL_get_cipher_name(ssl);
    if (const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name))
        request.server_name = name;
}

Request take(beast::http::request<beast::http::string_body>&& message) {
    Request request;
    request.method = message.method_string();
    request.target = message.target();
    for (const auto& field : message)
        request.headers.push_back({std::string(field.name_string()), std::string(field.value())});
    request.body = std::move(message.body());
    return request;
}

beast::http::response<beast::http::string_body> give(Response&& response, bool head,
                                                     bool keep_alive) {
    beast::http::response<beast::http::string_body> message;
    message.version(11);
    message.result(response.status);
    for (const Header& header : response.headers)
        message.insert(header.name, header.value);
    message.content_length(response.body.size());
    if (!head)
        message.body() = std::move(response.body);
    message.keep_alive(keep_alive);
    return message;
}

Response plain(unsigned status, std::string text) {
    return {status, {{"Content-Type", "text/plain"}}, std::move(text)};
}

}  // namespace

struct Server::State {
    State(asio::any_io_executor io, ServerOptions all, Handler handle, Connections& places,
          Log& out)
        : executor(std::move(io)),
          options(std::move(all)),
          handler(std::move(handle)),
          connections(places),
          log(out),
          acceptor(asio::make_strand(executor)),
          accept_failures(log),
          handshake_failures(log, handshake_lines_a_minute) {}
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    ~State() {
        accept_failures.finish();
        handshake_failures.finish();
    }

    asio::any_io_executor executor;
    ServerOptions options;
    Handler handler;
    Connections& connections;
    Log& log;
    tcp::acceptor acceptor;
    CountedWarning accept_failures;
    CountedWarning handshake_failures;
    std::unique_ptr<asio::ssl::context> tls;
    Address local;
};

namespace {

using StatePtr = std::shared_ptr<void>;

struct Session {
    const Handler& handler;
    const ServerOptions& options;
    CountedWarning& handshake_failures;
    Log& log;
    std::string remote;
};

// How a connection is closed from elsewhere. It lives in the connection's strand.
struct Link {
    beast::tcp_stream* stream;
};

void expire(beast::tcp_stream& stream, std::chrono::milliseconds timeout) {
    if (timeout > timeout.zero())
        stream.expires_after(timeout);
    else
        stream.expires_never();
}

Response call(const Session& session, const Request& request) {
    try {
        return session.handler(request);
    } catch (const std::exception& bug) {
        session.log.error("{} {}: {}", request.method, request.target, bug.what());
        return plain(500, "internal error\n");
    }
}

// What memory the body of a request may come to need, once its head has been read.
std::size_t body_bytes_of(const beast::http::request_parser<beast::http::string_body>& parser,
                          const ServerOptions& options) {
    if (parser.chunked())
        return options.body_bytes_max;
    return static_cast<std::size_t>(parser.content_length().value_or(0));
}

// One connection's requests, one after the other, until either side has enough.
template <class Stream>
asio::awaitable<void> serve(Stream& stream, const Session& session, Connections::Place& place) {
    boost::system::error_code error;
    const auto caught = [&] { return asio::redirect_error(asio::use_awaitable, error); };
    auto& lowest = beast::get_lowest_layer(stream);
    beast::flat_buffer buffer;
    for (bool open = true; open;) {
        beast::http::request_parser<beast::http::string_body> parser;
        parser.body_limit(session.options.body_bytes_max);
        parser.header_limit(static_cast<std::uint32_t>(session.options.header_bytes_max));
        expire(lowest, session.options.idle_timeout);
        co_await beast::http::async_read_header(stream, buffer, parser, caught());
        if (!error)
            place.hold_body(body_bytes_of(parser, session.options));
        if (!error && beast::iequals(parser.get()[beast::http::field::expect], "100-continue")) {
            static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
            co_await asio::async_write(stream, asio::buffer(go_on), caught());
        }
        if (!error)
            co_await beast::http::async_read(stream, buffer, parser, caught());
        place.restart();
        Response response;
        bool head = false;
        if (!error) {
            open = parser.get().keep_alive();
            Request request = take(parser.release());
            request.remote_address = session.remote;
            describe_connection(stream, request);
            head = request.method == "HEAD";
            response = call(session, request);
        } else if (error == beast::http::error::body_limit) {
            open = false;
            response = plain(413, fmt::format("a body of {} bytes is read at the most\n",
                                              session.options.body_bytes_max));
        } else if (error == beast::http::error::header_limit) {
            open = false;
            response = plain(431, "the headers are too long\n");
        } else if (error.category() == make_error_code(beast::http::error::bad_method).category() &&
                   error != beast::http::error::end_of_stream &&
                   error != beast::http::error::partial_message) {
            open = false;
            response = plain(400, "not HTTP/1.1: " + error.message() + "\n");
        } else {
            co_return;  // gone, or silent for too long
        }
        auto message = give(std::move(response), head, open);
        expire(lowest, session.options.idle_timeout);
        co_await beast::http::async_write(stream, message, caught());
        if (error)
            co_return;
    }
}

asio::awaitable<void> converse(tcp::socket socket, asio::ssl::context* tls, Session session,
                               Connections& connections,
                               StatePtr /* keeps what the session refers to */) {
    boost::system::error_code error;
    const auto caught = [&] { return asio::redirect_error(asio::use_awaitable, error); };
    socket.set_option(tcp::no_delay(true), error);
    const auto strand = socket.get_executor();
    beast::tcp_stream tcp_stream(std::move(socket));
    const auto link = std::make_shared<Link>(Link{&tcp_stream});
    auto place = connections.add(session.remote, [strand, weak = std::weak_ptr(link)] {
        asio::post(strand, [weak] {
            if (const auto still = weak.lock())
                still->stream->close();
        });
    });
    if (tls == nullptr) {
        co_await serve(tcp_stream, session, place);
        tcp_stream.socket().shutdown(tcp::socket::shutdown_both, error);
        co_return;
    }
    beast::ssl_stream<beast::tcp_stream> stream(std::move(tcp_stream), *tls);
    link->stream = &beast::get_lowest_layer(stream);
    expire(beast::get_lowest_layer(stream), session.options.idle_timeout);
    co_await stream.async_handshake(asio::ssl::stream_base::server, caught());
    if (error) {
        session.handshake_failures.count(fmt::format(
            "TLS handshake with {} failed: {} (a client that does not trust the world's "
            "TLS CA ends like this)",
            session.remote, error.message()));
        co_return;
    }
    co_await serve(stream, session, place);
    beast::get_lowest_layer(stream).expires_after(std::chrono::seconds(1));
    co_await stream.async_shutdown(caught());
}

}  // namespace

bool Address::is_loopback() const {
    boost::system::error_code error;
    const auto address = asio::ip::make_address(ip, error);
    return !error && address.is_loopback();
}

Result<Address> parse_address(std::string_view text) {
    const auto colon = text.rfind(':');
    Address address;
    if (colon != std::string_view::npos) {
        std::string_view ip = text.substr(0, colon);
        if (ip.starts_with('[') && ip.ends_with(']'))
            ip = ip.substr(1, ip.size() - 2);
        const std::string_view port = text.substr(colon + 1);
        const auto [end, error] =
            std::from_chars(port.data(), port.data() + port.size(), address.port);
        boost::system::error_code no_ip;
        asio::ip::make_address(std::string(ip), no_ip);
        if (error == std::errc() && end == port.data() + port.size() && !no_ip) {
            address.ip = ip;
            return address;
        }
    }
    return invalid_input(fmt::format(
        "\"{}\" is not an IP address and a port, as 127.0.0.1:4599 or [::1]:0 is", text));
}

std::string to_string(const Address& address) {
    return address.ip.find(':') == std::string::npos
               ? fmt::format("{}:{}", address.ip, address.port)
               : fmt::format("[{}]:{}", address.ip, address.port);
}

Result<std::unique_ptr<Server>> Server::start(asio::any_io_executor executor, ServerOptions options,
                                              Handler handler, Connections& connections, Log& log) {
    auto state = std::make_shared<State>(std::move(executor), std::move(options),
                                         std::move(handler), connections, log);
    if (state->options.tls) {
        auto tls = make_tls(*state->options.tls);
        if (!tls)
            return tls.error();
        state->tls = std::move(*tls);
    }
    boost::system::error_code error;
    const std::string name = to_string(state->options.address);
    const auto failed = [&](std::string_view step) {
        const bool is_taken = error == asio::error::address_in_use;
        return Error(error,
                     fmt::format("cannot {} {}: {}{}", step, name, error.message(),
                                 is_taken ? "; choose another port, or 0 for a free one" : ""));
    };
    const auto ip = asio::ip::make_address(state->options.address.ip, error);
    if (error)
        return failed("use the address");
    const tcp::endpoint endpoint(ip, state->options.address.port);
    state->acceptor.open(endpoint.protocol(), error);
    if (error)
        return failed("create a socket for");
    state->acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    state->acceptor.bind(endpoint, error);
    if (error)
        return failed("listen on");
    state->acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (error)
        return failed("listen on");
    const auto bound = state->acceptor.local_endpoint(error);
    if (error)
        return failed("listen on");
    state->local = Address{bound.address().to_string(), bound.port()};

    asio::co_spawn(
        state->acceptor.get_executor(),
        [state]() -> asio::awaitable<void> {
            for (;;) {
                boost::system::error_code failure;
                tcp::socket socket(asio::make_strand(state->executor));
                co_await state->acceptor.async_accept(
                    socket, asio::redirect_error(asio::use_awaitable, failure));
                if (failure == asio::error::operation_aborted || !state->acceptor.is_open())
                    co_return;
                if (failure) {
                    state->accept_failures.count(
                        fmt::format("a connection to {} can't be accepted yet: {}",
                                    to_string(state->local), failure.message()));
                    if (is_shortage(failure))
                        state->connections.make_room();
                    asio::steady_timer pause(state->acceptor.get_executor(), accept_pause);
                    co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, failure));
                    continue;
                }
                const auto peer = socket.remote_endpoint(failure);
                if (failure)
                    continue;  // gone already
                const auto strand = socket.get_executor();
                asio::co_spawn(
                    strand,
                    converse(std::move(socket), state->tls.get(),
                             Session{state->handler, state->options, state->handshake_failures,
                                     state->log, peer.address().to_string()},
                             state->connections, state),
                    asio::detached);
            }
        },
        asio::detached);
    return std::unique_ptr<Server>(new Server(std::move(state)));
}

Server::Server(std::shared_ptr<State> state) : state_(std::move(state)) {}

Server::~Server() {
    close();
}

Address Server::local() const {
    return state_->local;
}

void Server::close() {
    asio::dispatch(state_->acceptor.get_executor(), [state = state_] {
        boost::system::error_code ignored;
        state->acceptor.close(ignored);
    });
}

}  // namespace glovebox::http
