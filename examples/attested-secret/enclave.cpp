// SPDX-License-Identifier: Apache-2.0

// The enclave's program: it listens on a vsock port, attests when asked, decrypts what was
// encrypted to the key in its document, and fetches HTTPS pages through the proxy that HTTPS_PROXY
// names. It prints "ready" when it listens.
//
//   enclave --port 5005 [--device /dev/nsm | mock options] [--trust roots.pem]

#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <cstdlib>
#include <iostream>

#include "core/base/clock.h"
#include "core/base/random_source.h"
#include "core/crypto/hash.h"
#include "examples/attested-secret/https_client.h"
#include "examples/attested-secret/message.h"
#include "examples/attested-secret/nsm_module.h"
#include "examples/attested-secret/options.h"
#include "examples/attested-secret/recipient_key.h"
#include "nsm-mock/module/nsm_client.h"

namespace glovebox::example {
namespace {

struct Options {
    CommonOptions common;
    NsmOptions device;
    core::Port port = 5005;
    std::string trust_file = "/etc/ssl/certs/ca-certificates.crt";
};

// AWS's parents give the first enclave this CID when nobody asks for another.
constexpr core::Cid default_cid = 16;

// One parent's conversation: a key pair of its own, and what it asks for.
class Conversation {
  public:
    Conversation(MessageChannel channel, nsm::NsmClient& nsm, const Options& options, Log& log)
        : channel_(std::move(channel)), nsm_(nsm), options_(options), log_(log) {}

    boost::asio::awaitable<void> run() {
        for (;;) {
            const auto request = co_await channel_.receive();
            if (!request) {
                log_.warning("failed", "{}", field("error", request.error().message));
                co_return;
            }
            if (request->empty())
                co_return;
            auto answer = co_await answer_to(*request);
            if (!answer)
                log_.warning("failed", "{}", field("error", answer.error().message));
            boost::json::object refusal;
            if (!answer)
                refusal["error"] = answer.error().message;
            if (const auto sent = co_await channel_.send(answer ? *answer : refusal); !sent) {
                log_.warning("failed", "{}", field("error", sent.error().message));
                co_return;
            }
        }
    }

  private:
    boost::asio::awaitable<Result<boost::json::object>> answer_to(
        const boost::json::object& request) {
        const auto name = text_member(request, "request");
        if (!name)
            co_return name.error();
        if (*name == "attest")
            co_return attest(request);
        if (*name == "unlock")
            co_return unlock(request);
        if (*name == "fetch")
            co_return co_await fetch(request);
        co_return invalid_input("unknown request \"" + *name +
                                "\": attest, unlock or fetch was expected");
    }

    Result<boost::json::object> attest(const boost::json::object& request) {
        const auto nonce = hex_member(request, "nonce");
        if (!nonce)
            return nonce.error();
        auto document = nsm_.attest({.nonce = *nonce, .public_key = key_.public_der()});
        if (!document)
            return document.error();
        log_.info("attested", "attested to nonce {}... with a fresh public key: {} bytes",
                  to_hex(*nonce).substr(0, 16), document->size());
        return boost::json::object{{"document", to_hex(*document)}};
    }

    Result<boost::json::object> unlock(const boost::json::object& request) {
        const auto ciphertext = hex_member(request, "ciphertext");
        if (!ciphertext)
            return ciphertext.error();
        const auto secret = key_.decrypt(*ciphertext);
        if (!secret)
            return secret.error();
        log_.info("decrypted", "decrypted a secret of {} bytes", field("bytes", secret->size()));
        return boost::json::object{{"sha256", sha256_hex(*secret)}};
    }

    boost::asio::awaitable<Result<boost::json::object>> fetch(const boost::json::object& request) {
        const auto url = text_member(request, "url");
        if (!url)
            co_return url.error();
        const char* proxy = std::getenv("HTTPS_PROXY");
        // A variable of its own: gcc 12 destroys an aggregate temporary in a co_await twice.
        HttpsRequest get{
            .url = *url, .proxy = proxy == nullptr ? "" : proxy, .trust_file = options_.trust_file};
        const auto answer = co_await https_get(std::move(get));
        if (!answer)
            co_return answer.error();
        log_.info("fetched", "fetched {}: status {}, {} bytes", field("target", *url),
                  field("status", answer->status), field("bytes", answer->body.size()));
        boost::json::object reply;
        reply["status"] = answer->status;
        reply["body"] = answer->body;
        co_return reply;
    }

    MessageChannel channel_;
    nsm::NsmClient& nsm_;
    const Options& options_;
    Log& log_;
    RecipientKey key_;
};

boost::asio::awaitable<void> serve(core::Listener& listener, nsm::NsmClient& nsm,
                                   const Options& options, Log& log) {
    for (;;) {
        auto connection = co_await listener.accept();
        if (!connection) {
            log.error("failed", "{}", field("error", connection.error().message));
            co_return;
        }
        log.info("open", "accepted a connection from {}",
                 field("peer", to_string(connection->peer)));
        co_await Conversation(MessageChannel(std::move(connection->stream)), nsm, options, log)
            .run();
    }
}

int run(const Options& options) {
    const auto log = options.common.make_log("enclave");
    const SystemClock clock;
    SystemRandom random;
    const auto device = open_nsm(options.device, clock, random, *log);
    nsm::NsmClient nsm(*device);
    const auto self = nsm.describe_nsm();
    if (!self)
        throw ErrorException(self.error().in("asking the security module who it is"));

    boost::asio::io_context io;
    const auto transport =
        transports::make_transport(options.common.transport, io.get_executor(), default_cid)
            .value();
    const auto listener = transport->listen({core::cid_any, options.port}).value();
    log->info("listening", "listening on {} as {}", field("listener", to_string(listener->local())),
              self->module_id);
    std::cout << "ready" << std::endl;  // flushed: the demo waits for it

    boost::asio::signal_set stop(io, SIGTERM, SIGINT);
    stop.async_wait([&](const boost::system::error_code&, int) { io.stop(); });
    boost::asio::co_spawn(io, serve(*listener, nsm, options, *log), boost::asio::detached);
    io.run();
    return 0;
}

}  // namespace
}  // namespace glovebox::example

int main(int argc, char** argv) try {
    CLI::App app{"Attests, holds a secret, and fetches pages: an enclave's program."};
    glovebox::example::Options options;
    options.common.add_to(app);
    options.device.add_to(app);
    app.add_option("--port", options.port, "The vsock port to listen on")->capture_default_str();
    app.add_option("--trust", options.trust_file,
                   "The roots that HTTPS servers are checked against, PEM")
        ->capture_default_str();
    CLI11_PARSE(app, argc, argv);
    return glovebox::example::run(options);
} catch (const std::exception& failure) {
    std::cerr << "enclave: " << failure.what() << '\n';
    return 1;
}
