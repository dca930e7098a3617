// SPDX-License-Identifier: Apache-2.0

#include <openssl/ssl.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "sim/http/byte_stream.h"

namespace glovebox::http {
namespace {

namespace ssl = boost::asio::ssl;

// How long to wait for a client's answer to the end of the connection.
constexpr auto farewell = std::chrono::seconds(1);

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

class TlsStream final : public ByteStream {
  public:
    TlsStream(boost::asio::ip::tcp::socket socket, ssl::context& context)
        : ByteStream(socket.get_executor()), stream_(std::move(socket), context) {}

    boost::asio::awaitable<std::size_t> read_some(boost::asio::mutable_buffer into,
                                                  boost::system::error_code& error) override {
        co_return co_await stream_.async_read_some(
            into, boost::asio::redirect_error(boost::asio::use_awaitable, error));
    }
    boost::asio::awaitable<void> write(std::string_view bytes,
                                       boost::system::error_code& error) override {
        co_await boost::asio::async_write(
            stream_, boost::asio::buffer(bytes),
            boost::asio::redirect_error(boost::asio::use_awaitable, error));
    }
    boost::asio::awaitable<void> handshake(boost::system::error_code& error) override {
        co_await stream_.async_handshake(
            ssl::stream_base::server,
            boost::asio::redirect_error(boost::asio::use_awaitable, error));
    }
    boost::asio::awaitable<void> shut_down() override {
        expire_after(farewell);
        boost::system::error_code ignored;
        co_await stream_.async_shutdown(
            boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
    }
    void describe(Request& request) const override {
        // OpenSSL's getters take a pointer to non-const.
        SSL* connection = const_cast<decltype(stream_)&>(stream_).native_handle();
        request.tls_version = SSL_get_version(connection);
        request.tls_cipher = SSL_get_cipher_name(connection);
        if (const char* name = SSL_get_servername(connection, TLSEXT_NAMETYPE_host_name))
            request.server_name = name;
    }

  private:
    boost::asio::ip::tcp::socket& socket() override { return stream_.next_layer(); }

    ssl::stream<boost::asio::ip::tcp::socket> stream_;
};

class OneIdentity final : public TlsStreams {
  public:
    [[nodiscard]] Result<void> use(const TlsIdentity& identity) {
        boost::system::error_code error;
        context_.use_certificate_chain(boost::asio::buffer(identity.certificate_chain), error);
        if (error)
            return Error(error, "the server's certificate: " + error.message());
        context_.use_private_key(boost::asio::buffer(identity.private_key), ssl::context::pem,
                                 error);
        if (error)
            return Error(error, "the server's private key: " + error.message());
        SSL_CTX_set_min_proto_version(context_.native_handle(), TLS1_2_VERSION);
        SSL_CTX_set_alpn_select_cb(context_.native_handle(), choose_http11, nullptr);
        return {};
    }
    std::shared_ptr<ByteStream> stream(boost::asio::ip::tcp::socket socket) override {
        return std::make_shared<TlsStream>(std::move(socket), context_);
    }

  private:
    ssl::context context_{ssl::context::tls_server};
};

}  // namespace

Result<std::unique_ptr<TlsStreams>> TlsStreams::make(const TlsIdentity& identity) {
    auto streams = std::make_unique<OneIdentity>();
    if (const auto used = streams->use(identity); !used)
        return used.error();
    return std::unique_ptr<TlsStreams>(std::move(streams));
}

}  // namespace glovebox::http
