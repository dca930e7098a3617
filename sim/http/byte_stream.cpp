// SPDX-License-Identifier: Apache-2.0

#include "sim/http/byte_stream.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace glovebox::http {
namespace {

using boost::asio::awaitable;
using boost::asio::redirect_error;
using boost::asio::use_awaitable;
using boost::asio::ip::tcp;
using boost::system::error_code;

class PlainStream final : public ByteStream {
  public:
    explicit PlainStream(tcp::socket socket)
        : ByteStream(socket.get_executor()), socket_(std::move(socket)) {}

    awaitable<std::size_t> read_some(boost::asio::mutable_buffer into, error_code& error) override {
        co_return co_await socket_.async_read_some(into, redirect_error(use_awaitable, error));
    }
    awaitable<void> write(std::string_view bytes, error_code& error) override {
        co_await boost::asio::async_write(socket_, boost::asio::buffer(bytes),
                                          redirect_error(use_awaitable, error));
    }
    awaitable<void> handshake(error_code&) override { co_return; }
    awaitable<void> shut_down() override {
        error_code ignored;
        socket_.shutdown(tcp::socket::shutdown_both, ignored);
        co_return;
    }
    void describe(Request&) const override {}

  private:
    tcp::socket& socket() override { return socket_; }

    tcp::socket socket_;
};

}  // namespace

void ByteStream::expire_after(std::chrono::milliseconds timeout) {
    if (timeout <= timeout.zero()) {
        deadline_.expires_at(std::chrono::steady_clock::time_point::max());
        return;
    }
    deadline_.expires_after(timeout);
    deadline_.async_wait([weak = weak_from_this()](const error_code& failure) {
        const auto self = weak.lock();
        // A new time may have been set after this handler was queued.
        if (failure || !self || self->deadline_.expiry() > std::chrono::steady_clock::now())
            return;
        self->has_expired_ = true;
        self->close();
    });
}

void ByteStream::close() {
    error_code ignored;
    socket().close(ignored);
}

std::shared_ptr<ByteStream> make_plain_stream(tcp::socket socket) {
    return std::make_shared<PlainStream>(std::move(socket));
}

}  // namespace glovebox::http
