// SPDX-License-Identifier: Apache-2.0

#include "sim/http/server.h"

#include <fmt/core.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/string_body.hpp>
#include <charconv>

#include "sim/http/byte_stream.h"

namespace glovebox::http {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;

namespace {

// The pause before the next accept if there are no descriptors left.
constexpr auto accept_pause = std::chrono::milliseconds(100);

// The pause before a body is asked again for its next piece, which was not ready.
constexpr auto piece_pause = std::chrono::milliseconds(100);

// While somebody sets clients up, they fail in different ways, and each is worth a line.
constexpr unsigned handshake_lines_a_minute = 10;

// Whether accept(2) failed for lack of something that another connection holds.
bool is_shortage(const boost::system::error_code& failure) {
    namespace errc = boost::system::errc;
    return failure == errc::too_many_files_open || failure == errc::too_many_files_open_in_system ||
           failure == errc::no_buffer_space || failure == errc::not_enough_memory;
}

using Parser = beast::http::request_parser<beast::http::string_body>;

// The bytes that are read at once: of a head, and at the most of a body.
constexpr std::size_t head_read_bytes = 4096;
constexpr std::size_t body_read_bytes_max = 65536;

Request take(beast::http::request<beast::http::string_body>&& message) {
    Request request;
    request.method = message.method_string();
    request.target = message.target();
    for (const auto& field : message)
        request.headers.push_back({std::string(field.name_string()), std::string(field.value())});
    request.body = std::move(message.body());
    return request;
}

// RFC 9112, section 7.1. An empty one would end the body.
std::string chunk(std::string_view piece) {
    return piece.empty() ? std::string() : fmt::format("{:x}\r\n{}\r\n", piece.size(), piece);
}

std::string to_wire(const Response& response, bool head, bool keep_alive) {
    std::string wire = fmt::format("HTTP/1.1 {} {}\r\n", response.status,
                                   std::string_view(beast::http::obsolete_reason(
                                       beast::http::int_to_status(response.status))));
    for (const Header& header : response.headers)
        wire += header.name + ": " + header.value + "\r\n";
    const bool goes_on = static_cast<bool>(response.pieces);
    wire += goes_on ? std::string("Transfer-Encoding: chunked\r\n")
                    : fmt::format("Content-Length: {}\r\n", response.body.size());
    wire += keep_alive ? "\r\n" : "Connection: close\r\n\r\n";
    if (head)
        return wire;
    return wire + (goes_on ? chunk(response.body) : response.body);
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
    std::unique_ptr<TlsStreams> tls;
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

Response call(const Session& session, const Request& request) {
    try {
        return session.handler(request);
    } catch (const std::exception& bug) {
        session.log.error("bug", "{} {}: {}", request.method, field("target", request.target),
                          field("error", bug.what()));
        return plain(500, "internal error\n");
    }
}

// Calls the handler on the executor that this coroutine was spawned on. Both arguments outlive it.
asio::awaitable<Response> call_there(const Session& session, const Request& request) {
    co_return call(session, request);
}

// The memory that the body of a request may need, in bytes, known once its head has been read.
std::size_t body_bytes_of(const Parser& parser, const ServerOptions& options) {
    if (parser.chunked())
        return options.body_bytes_max;
    return static_cast<std::size_t>(parser.content_length().value_or(0));
}

// How much to read at once of a body of that length. Between two reads, every other connection may
// have its request answered: a long body is read in few steps.
std::size_t body_read_bytes(std::size_t body_bytes) {
    return std::clamp(body_bytes, head_read_bytes, body_read_bytes_max);
}

// Reads until the parser's `is_done`, `at_once` bytes at a time. Bytes after that stay in the
// buffer.
asio::awaitable<void> read(ByteStream& stream, beast::flat_buffer& buffer, Parser& parser,
                           bool (Parser::*is_done)() const, std::size_t at_once,
                           boost::system::error_code& error) {
    error = {};
    while (!(parser.*is_done)()) {
        if (buffer.size() > 0) {
            buffer.consume(parser.put(buffer.cdata(), error));
            if (error != beast::http::error::need_more) {
                if (error)
                    co_return;
                continue;
            }
            error = {};
        }
        const auto space = buffer.prepare(at_once);
        const std::size_t read = co_await stream.read_some(space, error);
        if (error == asio::error::eof && parser.got_some()) {
            error = {};
            parser.put_eof(error);
            if (!error && !(parser.*is_done)())
                error = beast::http::error::partial_message;
        }
        if (error)
            co_return;
        buffer.commit(read);
    }
}

// Sends the pieces of a body and its end. The client has the idle timeout to take each one.
asio::awaitable<void> write_pieces(ByteStream& stream, const Response::Pieces& next,
                                   std::chrono::milliseconds timeout) {
    boost::system::error_code error;
    asio::steady_timer pause(co_await asio::this_coro::executor);
    while (!error) {
        const std::optional<std::string> piece = next();
        if (piece && piece->empty()) {
            pause.expires_after(piece_pause);
            co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
            continue;
        }
        stream.expire_after(timeout);
        const std::string wire = piece ? chunk(*piece) : "0\r\n\r\n";
        co_await stream.write(wire, error);
        stream.expire_after(std::chrono::milliseconds(0));
        if (!piece)
            co_return;
    }
}

// Serves the requests of a connection one after the other, until either side ends it.
asio::awaitable<void> serve(ByteStream& stream, const Session& session, Connections::Place& place) {
    boost::system::error_code error;
    beast::flat_buffer buffer;
    for (bool open = true; open;) {
        Parser parser;
        parser.body_limit(session.options.body_bytes_max);
        parser.header_limit(static_cast<std::uint32_t>(session.options.header_bytes_max));
        stream.expire_after(session.options.idle_timeout);
        co_await read(stream, buffer, parser, &Parser::is_header_done, head_read_bytes, error);
        if (!error)
            place.hold_body(body_bytes_of(parser, session.options));
        if (!error && beast::iequals(parser.get()[beast::http::field::expect], "100-continue"))
            co_await stream.write("HTTP/1.1 100 Continue\r\n\r\n", error);
        if (!error) {
            parser.eager(true);
            co_await read(stream, buffer, parser, &Parser::is_done,
                          body_read_bytes(body_bytes_of(parser, session.options)), error);
        }
        place.restart();
        stream.expire_after(std::chrono::milliseconds(0));
        Response response;
        bool head = false;
        if (!error) {
            open = parser.get().keep_alive();
            Request request = take(parser.release());
            request.remote_address = session.remote;
            stream.describe(request);
            head = request.method == "HEAD";
            if (session.options.takes_long && session.options.takes_long(request))
                response = co_await asio::co_spawn(
                    session.options.long_work, call_there(session, request), asio::use_awaitable);
            else
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
            co_return;  // the client is gone, or was silent for too long
        }
        if (response.delay.count() > 0) {
            asio::steady_timer later(co_await asio::this_coro::executor, response.delay);
            co_await later.async_wait(asio::redirect_error(asio::use_awaitable, error));
        }
        if (response.status == 0)
            co_return;
        open = open && !response.pieces;
        stream.expire_after(session.options.idle_timeout);
        const std::string wire = to_wire(response, head, open);
        co_await stream.write(wire, error);
        if (error)
            co_return;
        stream.expire_after(std::chrono::milliseconds(0));
        if (response.pieces && !head)
            co_await write_pieces(stream, response.pieces, session.options.idle_timeout);
    }
}

asio::awaitable<void> converse(std::shared_ptr<ByteStream> stream, Session session,
                               Connections& connections,
                               StatePtr /* keeps what the session refers to */) {
    const auto strand = co_await asio::this_coro::executor;
    auto place = connections.add(session.remote, [strand, weak = std::weak_ptr(stream)] {
        asio::post(strand, [weak] {
            if (const auto still = weak.lock())
                still->close();
        });
    });
    boost::system::error_code error;
    stream->expire_after(session.options.idle_timeout);
    co_await stream->handshake(error);
    if (error) {
        session.handshake_failures.count(fmt::format(
            "TLS handshake with {} failed: {} (a client that does not trust the world's "
            "TLS CA ends like this)",
            session.remote, stream->has_expired() ? "it took too long" : error.message()));
        co_return;
    }
    co_await serve(*stream, session, place);
    co_await stream->shut_down();
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
        auto tls = TlsStreams::make(*state->options.tls);
        if (!tls)
            return tls.error();
        state->tls = std::move(*tls);
    }
    boost::system::error_code error;
    const std::string name = to_string(state->options.address);
    const auto failed = [&](std::string_view step) {
        const bool is_taken = error == asio::error::address_in_use;
        return errno_error(fmt::format("cannot {} {}", step, name), error.value())
            .with_advice(is_taken ? "Choose another port, or 0 for a free one" : "");
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
                socket.set_option(tcp::no_delay(true), failure);
                const auto strand = socket.get_executor();
                auto stream = state->tls ? state->tls->stream(std::move(socket))
                                         : make_plain_stream(std::move(socket));
                asio::co_spawn(
                    strand,
                    converse(std::move(stream),
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

// Where closing throws, as without memory, the process has nothing to go on with.
Server::~Server() {
    try {
        close();
    } catch (const std::exception&) {
        // Memory is missing for it: the acceptor closes with the executor.
        return;
    }
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
