// SPDX-License-Identifier: Apache-2.0

// Any bytes as what a client sends to the HTTP proxy. However the stream is cut, the outcome is the
// same; a head that is taken is short and leads to one host in one spelling; Beast, which carries
// the request, reads the same method and framing in it; and a refusal is a whole HTTP response that
// carries nothing of the client's lines.

#include <algorithm>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <string>

#include "core/http/message_stream.h"
#include "core/http/proxy_request.h"
#include "fuzz/require.h"

namespace {

using namespace glovebox;
namespace http = boost::beast::http;
using State = core::ProxyRequest::State;

// A refusal's own lines end before its body, and no byte of the body is a control character.
void check(const core::HttpRefusal& refusal) {
    const std::string response = core::to_response(refusal);
    const std::size_t body = response.find("\r\n\r\n");
    require(response.starts_with("HTTP/1.1 ") && body != std::string::npos);
    require(!refusal.sentence.empty());
    for (const char c : response.substr(body + 4))
        require(c == '\n' || static_cast<unsigned char>(c) >= 0x20);
}

// What Beast makes of the head is one request, and the head is all of it.
void check_exchange(const std::string& head, const std::string& method) {
    http::request_parser<http::buffer_body> parser;
    parser.body_limit(boost::none);
    parser.header_limit(2 * core::exchange_head_size_max);
    boost::system::error_code failure;
    std::string_view rest = head;
    while (!parser.is_header_done() && !failure)
        rest.remove_prefix(parser.put(boost::asio::buffer(rest.data(), rest.size()), failure));
    if (failure)
        return;
    require(rest.empty());
    const auto& message = parser.get();
    require(std::string_view(message.method_string().data(), message.method_string().size()) ==
            method);
    require(message.count(http::field::content_length) <= 1);
    require(message.count(http::field::host) <= 1);
    require(message.count(http::field::transfer_encoding) == (parser.chunked() ? 1 : 0));
    require(!parser.chunked() || message.count(http::field::content_length) == 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    core::ProxyRequest whole;
    const State outcome = whole.feed(bytes);

    core::ProxyRequest pieces;
    feed_in_pieces(bytes, [&](std::string_view piece) { pieces.feed(piece); });
    require(pieces.state() == outcome);

    switch (outcome) {
        case State::needs_more:
            require(size <= core::exchange_head_size_max);
            break;
        case State::refused:
            require(whole.refusal().status == pieces.refusal().status);
            require(whole.refusal().sentence == pieces.refusal().sentence);
            check(whole.refusal());
            break;
        case State::complete: {
            require(whole.target() == pieces.target());
            const auto again = core::parse_target(core::to_string(whole.target()));
            require(again && *again == whole.target());
            const std::string early = whole.take_early_bytes();
            require(early == pieces.take_early_bytes() && bytes.ends_with(early));
            const std::string_view head = bytes.substr(0, size - early.size());
            require(head.ends_with("\r\n\r\n") && head.starts_with(whole.method() + " "));
            require(head.size() <= (whole.is_tunnel() ? core::connect_head_size_max
                                                      : core::exchange_head_size_max));
            if (whole.is_tunnel())
                break;
            require(!whole.is_rule_question() || whole.method() == "OPTIONS");
            const auto ports = whole.question_ports();
            require(!ports.empty() && std::is_sorted(ports.begin(), ports.end()));
            require(ports == pieces.question_ports());
            require(whole.origin_form().starts_with('/') || whole.origin_form() == "*");
            require(whole.take_head() == head);
            check_exchange(std::string(head), whole.method());
            break;
        }
    }
    return 0;
}
