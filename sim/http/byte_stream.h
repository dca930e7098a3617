// SPDX-License-Identifier: Apache-2.0

// A connection's bytes, in clear text or under TLS, as one type: what speaks HTTP over them is
// compiled once.
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

// Lives, with all that it awaits, in its socket's strand.
class ByteStream : public std::enable_shared_from_this<ByteStream> {
  public:
    virtual ~ByteStream() = default;
    ByteStream(const ByteStream&) = delete;
    ByteStream& operator=(const ByteStream&) = delete;

    [[nodiscard]] virtual boost::asio::awaitable<std::size_t> read_some(
        boost::asio::mutable_buffer into, boost::system::error_code& error) = 0;
    [[nodiscard]] virtual boost::asio::awaitable<void> write(std::string_view bytes,
                                                             boost::system::error_code& error) = 0;
    // Before the first byte.
    [[nodiscard]] virtual boost::asio::awaitable<void> handshake(
        boost::system::error_code& error) = 0;
    // After the last one.
    [[nodiscard]] virtual boost::asio::awaitable<void> shut_down() = 0;
    // What the request is to say of the connection.
    virtual void describe(Request& request) const = 0;

    // Closes the connection unless this is called again within the time; 0 is never.
    void expire_after(std::chrono::milliseconds timeout);
    void close();
    // By expire_after(): what was awaited then fails with "operation canceled".
    [[nodiscard]] bool has_expired() const { return has_expired_; }

  protected:
    explicit ByteStream(const boost::asio::any_io_executor& executor) : deadline_(executor) {}
    [[nodiscard]] virtual boost::asio::ip::tcp::socket& socket() = 0;

  private:
    boost::asio::steady_timer deadline_;
    bool has_expired_ = false;
};

[[nodiscard]] std::shared_ptr<ByteStream> make_plain_stream(boost::asio::ip::tcp::socket socket);

// What TLS streams of one server share.
class TlsStreams {
  public:
    [[nodiscard]] static Result<std::unique_ptr<TlsStreams>> make(const TlsIdentity& identity);
    virtual ~TlsStreams() = default;
    [[nodiscard]] virtual std::shared_ptr<ByteStream> stream(
        boost::asio::ip::tcp::socket socket) = 0;
};

}  // namespace glovebox::http
