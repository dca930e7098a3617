// SPDX-License-Identifier: Apache-2.0

// The parent's program: it holds the secret store, asks an enclave to attest, and gives it the
// secret when the store is satisfied. Then it has the enclave fetch pages. Status 0 when all was
// done, 1 when something was refused.
//
//   parent --enclave 16:5005 --root mock-root.pem --pcr0 HEX --secret FILE [--fetch URL]...

#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <fstream>
#include <iostream>
#include <iterator>

#include "core/base/clock.h"
#include "core/base/file_bytes.h"
#include "core/base/random_source.h"
#include "core/crypto/pcr.h"
#include "examples/attested-secret/message.h"
#include "examples/attested-secret/options.h"
#include "examples/attested-secret/secret_store.h"
#include "nsm-mock/document/trust_root.h"

namespace glovebox::example {
namespace {

struct Options {
    CommonOptions common;
    std::string enclave = "16:5005";
    std::string root;
    std::string pcr0;
    std::string secret_file;
    std::string save_document;
    std::string present;
    std::vector<std::string> fetch;
};

Bytes read_file(const std::string& path) {
    constexpr std::size_t limit = 1 << 20;
    return read_file_bytes(path, limit).value();
}

void write_file(const std::string& path, BytesView bytes) {
    std::ofstream file(path, std::ios::binary);
    file.write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
    if (!file.flush())
        throw ErrorException(errno_error("writing " + path, errno));
}

nsm::TrustRoot read_root(const std::string& name) {
    if (name == "aws")
        return nsm::TrustRoot::aws();
    const Bytes pem = read_file(name);
    auto certificate = nsm::Certificate::from_pem(as_text(pem));
    if (!certificate)
        throw ErrorException(certificate.error().in("--root " + name));
    return {name, std::move(*certificate)};
}

// One conversation with an enclave.
class Parent {
  public:
    Parent(const Options& options, core::Stream stream, Log& log, Log& store_log,
           SecretStore& store)
        : options_(options),
          channel_(std::move(stream)),
          log_(log),
          store_log_(store_log),
          store_(store) {}

    boost::asio::awaitable<Result<void>> give_secret() {
        const Bytes nonce = store_.issue_nonce();
        store_log_.info("nonce", "issued nonce {}...", to_hex(nonce).substr(0, 16));
        Bytes document;
        if (options_.present.empty()) {
            const auto answer = co_await ask("attest", "nonce", to_hex(nonce));
            if (!answer)
                co_return answer.error();
            auto attested = hex_member(*answer, "document");
            if (!attested)
                co_return attested.error();
            document = std::move(*attested);
            log_.info("document", "the enclave answered with a document of {} bytes",
                      field("bytes", document.size()));
        } else {
            document = read_file(options_.present);
            log_.info("document", "presenting {} in place of a fresh document", options_.present);
        }
        if (!options_.save_document.empty())
            write_file(options_.save_document, document);

        const auto ciphertext = store_.release(document, nonce);
        if (!ciphertext) {
            store_log_.warning("refused", "refused: {}",
                               field("error", ciphertext.error().message));
            std::cout << "the store refused: " << ciphertext.error().message << '\n';
            co_return Error(ciphertext.error().code, "the store refused the document");
        }
        store_log_.info("released",
                        "the document verifies; the secret goes out encrypted to its public key");
        const auto unlocked = co_await ask("unlock", "ciphertext", to_hex(*ciphertext));
        if (!unlocked)
            co_return unlocked.error();
        const auto digest = text_member(*unlocked, "sha256");
        if (!digest)
            co_return digest.error();
        std::cout << "the enclave holds the secret: sha256 " << *digest << '\n';
        co_return Result<void>();
    }

    boost::asio::awaitable<Result<void>> fetch(std::string url) {
        const auto answer = co_await ask("fetch", "url", url);
        if (!answer) {
            std::cout << "the enclave could not fetch " << answer.error().message << '\n';
            co_return answer.error();
        }
        const auto body = text_member(*answer, "body");
        if (!body)
            co_return body.error();
        std::cout << "the enclave fetched " << url << ": " << *body << '\n';
        co_return Result<void>();
    }

  private:
    boost::asio::awaitable<Result<boost::json::object>> ask(std::string name, std::string member,
                                                            std::string value) {
        boost::json::object request;
        request["request"] = std::move(name);
        request[member] = std::move(value);
        if (auto sent = co_await channel_.send(request); !sent)
            co_return sent.error();
        auto answer = co_await channel_.receive();
        if (answer && answer->empty())
            co_return Error(make_error_code(boost::system::errc::connection_reset),
                            "the enclave closed the connection without an answer");
        co_return answer;
    }

    const Options& options_;
    MessageChannel channel_;
    Log& log_;
    Log& store_log_;
    SecretStore& store_;
};

boost::asio::awaitable<Result<void>> converse(const Options& options, core::Transport& transport,
                                              Log& log, Log& store_log, SecretStore& store) {
    const auto address = core::parse_vsock_address(options.enclave);
    if (!address)
        co_return address.error();
    auto connection = co_await transport.connect(*address, std::chrono::seconds(10));
    if (!connection)
        co_return connection.error().in("connecting to the enclave at " + options.enclave);
    log.info("open", "connected to the enclave at {}", field("target", options.enclave));
    Parent parent(options, std::move(connection->stream), log, store_log, store);
    if (!options.secret_file.empty())
        if (auto given = co_await parent.give_secret(); !given)
            co_return given;
    for (const std::string& url : options.fetch)
        if (auto fetched = co_await parent.fetch(url); !fetched)
            co_return fetched;
    co_return Result<void>();
}

int run(const Options& options) {
    const auto log = options.common.make_log("parent");
    const auto store_log = options.common.make_log("store");
    const SystemClock clock;
    SystemRandom random;
    const auto pcr0 = parse_pcr(options.pcr0);
    if (!pcr0)
        throw ErrorException(pcr0.error().in("--pcr0"));
    const nsm::TrustRoot root = read_root(options.root);
    const Bytes secret = options.secret_file.empty() ? Bytes() : read_file(options.secret_file);
    SecretStore store({root, *pcr0}, secret, clock, random);

    boost::asio::io_context io;
    const auto transport =
        transports::make_transport(options.common.transport, io.get_executor(), core::cid_parent)
            .value();
    Result<void> outcome;
    boost::asio::co_spawn(io, converse(options, *transport, *log, *store_log, store),
                          [&](const std::exception_ptr& failure, Result<void> result) {
                              if (failure)
                                  std::rethrow_exception(failure);
                              outcome = std::move(result);
                          });
    io.run();
    if (outcome)
        return 0;
    log->error("failed", "{}", field("error", outcome.error().message));
    return 1;
}

}  // namespace
}  // namespace glovebox::example

int main(int argc, char** argv) try {
    CLI::App app{"Gives a secret to an enclave that proves what it is, and has it fetch pages."};
    glovebox::example::Options options;
    options.common.add_to(app);
    app.add_option("--enclave", options.enclave, "The enclave's address, CID:PORT")
        ->capture_default_str();
    app.add_option("--root", options.root, "Whom to believe: aws, or a root certificate in PEM")
        ->required();
    app.add_option("--pcr0", options.pcr0, "The PCR0 that the enclave has to have, 96 hex digits")
        ->required();
    app.add_option("--secret", options.secret_file, "The secret to give away, at most 190 bytes");
    app.add_option("--save-document", options.save_document, "Keep the enclave's document in FILE");
    app.add_option("--present", options.present,
                   "Present this document in place of asking the enclave: a replay");
    app.add_option("--fetch", options.fetch,
                   "Then have the enclave fetch this https URL (repeatable)");
    CLI11_PARSE(app, argc, argv);
    return glovebox::example::run(options);
} catch (const std::exception& failure) {
    std::cerr << "parent: " << failure.what() << '\n';
    return 1;
}
