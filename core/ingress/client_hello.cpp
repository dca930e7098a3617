// SPDX-License-Identifier: Apache-2.0

#include "core/ingress/client_hello.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace glovebox::core {
namespace {

constexpr unsigned char record_handshake = 22;
constexpr unsigned char tls_major = 3;
constexpr std::size_t record_size_max = 1 << 14;
constexpr unsigned char message_client_hello = 1;
constexpr std::size_t message_head_size = 4;
constexpr unsigned extension_server_name = 0;
constexpr unsigned name_type_host = 0;

// The fields of a message, each with its length in front of it.
class TlsFields {
  public:
    explicit TlsFields(std::string_view bytes) : rest_(bytes) {}

    [[nodiscard]] bool is_at_end() const { return rest_.empty(); }

    [[nodiscard]] std::optional<std::size_t> number(std::size_t bytes) {
        if (rest_.size() < bytes)
            return std::nullopt;
        std::size_t value = 0;
        for (const char byte : rest_.substr(0, bytes))
            value = value << 8 | static_cast<unsigned char>(byte);
        rest_.remove_prefix(bytes);
        return value;
    }
    [[nodiscard]] std::optional<std::string_view> take(std::size_t bytes) {
        if (rest_.size() < bytes)
            return std::nullopt;
        const std::string_view taken = rest_.substr(0, bytes);
        rest_.remove_prefix(bytes);
        return taken;
    }
    // A field behind a length of so many bytes.
    [[nodiscard]] std::optional<std::string_view> field(std::size_t length_bytes) {
        const auto length = number(length_bytes);
        return length ? take(*length) : std::nullopt;
    }

  private:
    std::string_view rest_;
};

}  // namespace

std::string to_record(TlsAlert alert) {
    constexpr char fatal = 2;
    return {'\x15', '\x03', '\x03', '\0', '\x02', fatal, static_cast<char>(alert)};
}

ClientHelloReader::State ClientHelloReader::feed(std::string_view bytes) {
    while (state_ == State::needs_more && !bytes.empty()) {
        if (size_ == client_hello_size_max) {
            refuse(TlsAlert::decode_error,
                   fmt::format("its ClientHello has more than {} bytes", client_hello_size_max));
            break;
        }
        const bool in_head = record_left_ == 0;
        const std::size_t wanted = in_head ? record_head_size - record_head_read_ : record_left_;
        const std::string_view piece =
            bytes.substr(0, std::min(wanted, client_hello_size_max - size_));
        bytes.remove_prefix(piece.size());
        size_ += piece.size();
        if (in_head) {
            std::copy(piece.begin(), piece.end(), record_head_.begin() + record_head_read_);
            record_head_read_ += piece.size();
            take_record_head();
        } else {
            message_ += piece;
            record_left_ -= piece.size();
            take_message();
        }
    }
    return state_;
}

// By its first bytes, so that something else than TLS is not waited for.
void ClientHelloReader::take_record_head() {
    TlsFields head({record_head_.data(), record_head_read_});
    const auto type = head.number(1);
    const auto major = head.number(1);
    if (*type != record_handshake)
        return refuse(
            TlsAlert::unexpected_message,
            fmt::format("a TLS record of type {} came before the ClientHello was whole", *type));
    if (major && *major != tls_major)
        return refuse(TlsAlert::decode_error,
                      fmt::format("a record has version {}, and TLS has 3", *major));
    if (record_head_read_ < record_head_size)
        return;
    static_cast<void>(head.number(1));
    record_left_ = *head.number(2);
    record_head_read_ = 0;
    if (record_left_ == 0)
        return refuse(TlsAlert::decode_error, "a handshake record is empty");
    if (record_left_ > record_size_max)
        return refuse(TlsAlert::record_overflow,
                      fmt::format("a record has {} bytes, and {} is the most", record_left_,
                                  record_size_max));
}

void ClientHelloReader::take_message() {
    TlsFields message(message_);
    const auto type = message.number(1);
    if (*type != message_client_hello)
        return refuse(TlsAlert::unexpected_message,
                      fmt::format("its first handshake message has type {}, and a ClientHello (1) "
                                  "was expected",
                                  *type));
    const auto length = message.number(message_head_size - 1);
    if (length && *length > client_hello_size_max)
        return refuse(TlsAlert::decode_error,
                      fmt::format("its ClientHello has more than {} bytes", client_hello_size_max));
    if (!length || message_.size() < message_head_size + *length)
        return;
    state_ = State::complete;
    // Moved out, since nothing of it is needed once it was read.
    const std::string whole = std::exchange(message_, {});
    read_hello(std::string_view(whole).substr(message_head_size, *length));
}

void ClientHelloReader::read_hello(std::string_view body) {
    constexpr std::size_t version_and_random = 2 + 32;
    TlsFields hello(body);
    const bool has_all =
        hello.take(version_and_random) && hello.field(1) && hello.field(2) && hello.field(1);
    if (!has_all)
        return refuse(TlsAlert::decode_error, "its ClientHello ends inside a field");
    if (hello.is_at_end())
        return;  // without extensions, as before TLS 1.2
    const auto extensions = hello.field(2);
    if (!extensions || !hello.is_at_end())
        return refuse(TlsAlert::decode_error,
                      "the extensions of its ClientHello do not end where the message does");
    read_extensions(*extensions);
}

void ClientHelloReader::read_extensions(std::string_view extensions) {
    TlsFields rest(extensions);
    bool has_names = false;
    while (!rest.is_at_end()) {
        const auto type = rest.number(2);
        const auto extension = rest.field(2);
        if (!extension)
            return refuse(TlsAlert::decode_error, "an extension of its ClientHello is cut off");
        if (*type != extension_server_name)
            continue;
        if (std::exchange(has_names, true))
            return refuse(TlsAlert::illegal_parameter,
                          "its ClientHello has two server_name extensions");
        read_names(*extension);
        if (state_ == State::refused)
            return;
    }
}

void ClientHelloReader::read_names(std::string_view extension) {
    TlsFields list(extension);
    const auto entries = list.field(2);
    if (!entries || entries->empty() || !list.is_at_end())
        return refuse(TlsAlert::decode_error, "the server_name extension is not a list of names");
    TlsFields rest(*entries);
    while (!rest.is_at_end()) {
        const auto type = rest.number(1);
        const auto text = rest.field(2);
        if (!text)
            return refuse(TlsAlert::decode_error, "a name of the server_name extension is cut off");
        if (*type != name_type_host)
            continue;
        if (name_)
            return refuse(TlsAlert::illegal_parameter, "its ClientHello names two servers");
        auto name = HostName::parse(*text);
        if (!name)
            return refuse(TlsAlert::unrecognized_name,
                          fmt::format("the name in its ClientHello is not a host's: {}",
                                      name.error().message));
        name_ = std::move(*name);
    }
}

void ClientHelloReader::refuse(TlsAlert alert, std::string sentence) {
    state_ = State::refused;
    message_.clear();
    name_.reset();
    alert_ = alert;
    sentence_ = std::move(sentence);
}

}  // namespace glovebox::core
