// SPDX-License-Identifier: Apache-2.0

// The bytes of a connection, in clear text or under TLS, as one type, so that the code that speaks
// HTTP over them is compiled once.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <memory>
#include <string_view>

#include "core/base/error.h"
#include "sim/http/message.h"
#include "sim/http/tls_identity.h"

namespace glovebox::http {

// All functions are called, and all operations complete, in the strand of its socket.
class ByteStream : public std::enable_shared_from_this<ByteStream> {
  public:
    virtual ~ByteStream() = default;
    ByteStream(const ByteStream&) = delete;
    ByteStream& operator=(const ByteStream&) = delete;

    // Reads at least one byte, unless `error` is set.
    [[nodiscard]] virtual boost::asio::awaitable<std::size_t> read_some(
        boost::asio::mutable_buffer into, boost::system::error_code& error) = 0;
    // Writes all bytes, unless `error` is set.
    [[nodiscard]] virtual boost::asio::awaitable<void> write(std::string_view bytes,
                                                             boost::system::error_code& error) = 0;
    // The TLS handshake; does nothing in clear text. Call it first.
    [[nodiscard]] virtual boost::asio::awaitable<void> handshake(
        boost::system::error_code& error) = 0;
    // Ends the connection after the last byte. TLS waits for the peer's answer for up to a second.
    [[nodiscard]] virtual boost::asio::awaitable<void> shut_down() = 0;
    // Sets the request's members about TLS: tls_version, tls_cipher, server_name.
    virtual void describe(Request& request) const = 0;

    // Closes the connection after `timeout`, unless this is called again before; 0 never closes it.
    void expire_after(std::chrono::milliseconds timeout);
    void close();
    // Whether expire_after() closed it. The pending operation then failed with "operation
    // canceled".
    [[nodiscard]] bool has_expired() const { return has_expired_; }

  protected:
    explicit ByteStream(const boost::asio::any_io_executor& executor) : deadline_(executor) {}
    [[nodiscard]] virtual boost::asio::ip::tcp::socket& socket() = 0;

  private:
    boost::asio::steady_timer deadline_;
    bool has_expired_ = false;
};

[[nodiscard]] std::shared_ptr<ByteStream> make_plain_stream(boost::asio::ip::tcp::socket socket);

// Makes the TLS streams of one server, which share its certificate and settings.
class TlsStreams {
  public:
    // An error if the certificate or the key cannot be read, or do not belong together.
    [[nodiscard]] static Result<std::unique_ptr<TlsStreams>> make(const TlsIdentity& identity);
    virtual ~TlsStreams() = default;
    [[nodiscard]] virtual std::shared_ptr<ByteStream> stream(
        boost::asio::ip::tcp::socket socket) = 0;
};

}  // namespace glovebox::http
