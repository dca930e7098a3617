// SPDX-License-Identifier: Apache-2.0

#include "core/proxy/tunnel_request.h"

namespace glovebox::core {

TunnelRequest::State TunnelRequest::feed(std::string_view bytes) {
    const bool is_first = !std::exchange(has_begun_, true);
    if (is_first && (bytes.front() == socks_version || bytes.front() == socks4_version))
        parser_.emplace<SocksParser>();
    std::visit([bytes](auto& parser) { parser.feed(bytes); }, parser_);
    return state();
}

TunnelRequest::State TunnelRequest::state() const {
    return std::visit(
        [](const auto& parser) {
            using Parsed = typename std::remove_cvref_t<decltype(parser)>::State;
            switch (parser.state()) {
                case Parsed::needs_more:
                    return State::needs_more;
                case Parsed::complete:
                    return State::complete;
                case Parsed::refused:
                    break;
            }
            return State::refused;
        },
        parser_);
}

std::string TunnelRequest::take_answer() {
    auto* const socks = std::get_if<SocksParser>(&parser_);
    return socks == nullptr ? std::string() : socks->take_answer();
}

const Target& TunnelRequest::target() const {
    return std::visit([](const auto& parser) -> const Target& { return parser.target(); }, parser_);
}

bool TunnelRequest::is_exchange() const {
    const auto* const http = std::get_if<ProxyRequest>(&parser_);
    return http != nullptr && http->state() == ProxyRequest::State::complete && !http->is_tunnel();
}

const ProxyRequest* TunnelRequest::rule_question() const {
    const auto* const http = std::get_if<ProxyRequest>(&parser_);
    return is_exchange() && http->is_rule_question() ? http : nullptr;
}

std::string TunnelRequest::take_early_bytes() {
    return std::visit([](auto& parser) { return parser.take_early_bytes(); }, parser_);
}

HttpRefusal TunnelRequest::refusal() const {
    if (const auto* const http = std::get_if<ProxyRequest>(&parser_))
        return http->refusal();
    return {HttpStatus::bad_request, "http_request_error",
            std::get<SocksParser>(parser_).sentence()};
}

std::string_view TunnelRequest::protocol() const {
    if (is_socks())
        return "SOCKS";
    const std::string& method = std::get<ProxyRequest>(parser_).method();
    return method.empty() ? "HTTP" : std::string_view(method);
}

std::string TunnelRequest::opened_message() const {
    return is_socks() ? to_message(SocksReply::opened) : std::string(tunnel_established);
}

std::string TunnelRequest::refused_message(const HttpRefusal& refusal) const {
    const auto* const socks = std::get_if<SocksParser>(&parser_);
    return socks != nullptr ? socks->refused_message(reply_to(refusal)) : to_response(refusal);
}

int TunnelRequest::status_of(const HttpRefusal& refusal) const {
    return is_socks() ? static_cast<int>(reply_to(refusal)) : static_cast<int>(refusal.status);
}

SocksReply TunnelRequest::reply_to(const HttpRefusal& refusal) const {
    const auto& socks = std::get<SocksParser>(parser_);
    return socks.state() == SocksParser::State::refused ? socks.reply() : socks_reply_of(refusal);
}

}  // namespace glovebox::core
