// SPDX-License-Identifier: Apache-2.0

#include "core/ingress/name_request.h"

#include <utility>

#include "core/base/overloaded.h"

namespace glovebox::core {
namespace {

// A method begins so (RFC 9110 9.1: names are case-sensitive, and all that are registered are in
// upper case).
constexpr bool begins_http(char first) {
    return first >= 'A' && first <= 'Z';
}

const std::optional<HostName> no_name;

}  // namespace

NameRequest::State NameRequest::feed(std::string_view bytes) {
    if (!std::exchange(has_begun_, true)) {
        if (begins_tls(bytes.front()))
            reader_.emplace<ClientHelloReader>();
        else if (begins_http(bytes.front()))
            reader_.emplace<RequestHostReader>();
    }
    if (auto* const hello = std::get_if<ClientHelloReader>(&reader_))
        hello->feed(bytes);
    else if (auto* const request = std::get_if<RequestHostReader>(&reader_))
        request->feed(bytes);
    return state();
}

NameRequest::State NameRequest::state() const {
    const auto state_of = [](const auto& reader) {
        using Read = typename std::remove_cvref_t<decltype(reader)>::State;
        switch (reader.state()) {
            case Read::needs_more:
                return State::needs_more;
            case Read::complete:
                return State::complete;
            case Read::refused:
                break;
        }
        return State::refused;
    };
    return std::visit(
        Overloaded{
            [this](const Neither&) { return has_begun_ ? State::refused : State::needs_more; },
            [&](const ClientHelloReader& hello) { return state_of(hello); },
            [&](const RequestHostReader& request) { return state_of(request); }},
        reader_);
}

const std::optional<HostName>& NameRequest::name() const {
    return std::visit(
        Overloaded{[](const Neither&) -> const std::optional<HostName>& { return no_name; },
                   [](const ClientHelloReader& hello) -> const std::optional<HostName>& {
                       return hello.name();
                   },
                   [](const RequestHostReader& request) -> const std::optional<HostName>& {
                       return request.name();
                   }},
        reader_);
}

std::string NameRequest::sentence() const {
    return std::visit(
        Overloaded{[](const Neither&) -> std::string {
                       return "its first byte is neither TLS nor HTTP, and other protocols name no "
                              "server: give them a port of their own, --listen PORT=CID:PORT";
                   },
                   [](const ClientHelloReader& hello) { return hello.sentence(); },
                   [](const RequestHostReader& request) { return request.refusal().sentence; }},
        reader_);
}

std::string NameRequest::refused_message() const {
    return std::visit(
        Overloaded{[](const Neither&) { return std::string(); },
                   [](const ClientHelloReader& hello) { return to_record(hello.alert()); },
                   [](const RequestHostReader& request) { return to_response(request.refusal()); }},
        reader_);
}

std::string NameRequest::unknown_message(std::string sentence) const {
    return message(TlsAlert::unrecognized_name, HttpStatus::misdirected_request,
                   "destination_not_found", std::move(sentence));
}

std::string NameRequest::unreachable_message(const Error& failure) const {
    const HttpRefusal refusal = refusal_of(failure);
    return message(TlsAlert::internal_error, refusal.status, refusal.proxy_error, refusal.sentence);
}

// TLS has no alert for it.
std::string NameRequest::late_message(std::string sentence) const {
    return std::holds_alternative<RequestHostReader>(reader_)
               ? to_response(
                     {HttpStatus::request_timeout, "http_request_error", std::move(sentence)})
               : std::string();
}

std::string_view NameRequest::protocol() const {
    return std::visit(Overloaded{[](const Neither&) { return "neither TLS nor HTTP"; },
                                 [](const ClientHelloReader&) { return "TLS"; },
                                 [](const RequestHostReader&) { return "HTTP"; }},
                      reader_);
}

std::string NameRequest::message(TlsAlert alert, HttpStatus status, std::string_view proxy_error,
                                 std::string sentence) const {
    return std::visit(Overloaded{[](const Neither&) { return std::string(); },
                                 [alert](const ClientHelloReader&) { return to_record(alert); },
                                 [&](const RequestHostReader&) {
                                     return to_response({status, proxy_error, std::move(sentence)});
                                 }},
                      reader_);
}

}  // namespace glovebox::core
