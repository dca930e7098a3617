// SPDX-License-Identifier: Apache-2.0

#include "core/http/forwarded_head.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <boost/beast/http/field.hpp>
#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <charconv>
#include <vector>

#include "core/base/ascii.h"

namespace glovebox::core {
namespace {

namespace http = boost::beast::http;

// Of one connection, whether its Connection field names them or not. Trailer announces fields
// behind a chunked body, which are not sent on. The length and the host are set anew.
constexpr std::array<std::string_view, 14> removed_names{"connection",
                                                         "proxy-connection",
                                                         "keep-alive",
                                                         "te",
                                                         "trailer",
                                                         "transfer-encoding",
                                                         "upgrade",
                                                         "proxy-authenticate",
                                                         "proxy-authorization",
                                                         "proxy-authentication-info",
                                                         "http2-settings",
                                                         "content-length",
                                                         "host",
                                                         "alt-svc"};

constexpr std::string_view pseudonym = "glovebox";

std::string_view text_of(boost::beast::string_view view) {
    return {view.data(), view.size()};
}

// The names that the Connection fields declare to be of this connection.
std::vector<std::string> nominated_names(const http::fields& fields) {
    std::vector<std::string> names;
    for (const auto name : {http::field::connection, http::field::proxy_connection}) {
        const auto [begin, end] = fields.equal_range(name);
        for (auto field = begin; field != end; ++field)
            for (const auto& token : http::token_list(field->value()))
                names.push_back(to_lower(text_of(token)));
    }
    return names;
}

void copy_end_to_end(const http::fields& from, http::fields& to) {
    const std::vector<std::string> nominated = nominated_names(from);
    for (const auto& field : from) {
        const std::string name = to_lower(text_of(field.name_string()));
        if (std::find(removed_names.begin(), removed_names.end(), name) == removed_names.end() &&
            std::find(nominated.begin(), nominated.end(), name) == nominated.end())
            to.insert(field.name_string(), field.value());
    }
}

// RFC 9110 7.6.2; a value that is no number stays.
void count_forward(ForwardedRequest& request) {
    const auto text = text_of(request[http::field::max_forwards]);
    unsigned left = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), left);
    if (request.method() == http::verb::options && failure == std::errc() && left > 0 &&
        end == text.data() + text.size())
        request.set(http::field::max_forwards, fmt::format("{}", left - 1));
}

std::string via(unsigned version) {
    return fmt::format("{}.{} {}", version / 10, version % 10, pseudonym);
}

template <class Message>
void set_framing(Message& message, const BodyFraming& framing) {
    if (framing.is_chunked)
        message.set(http::field::transfer_encoding, "chunked");
    else if (framing.length)
        message.set(http::field::content_length, fmt::format("{}", *framing.length));
}

}  // namespace

ForwardedRequest forwarded_request(const ForwardedRequest& received, std::string_view origin_form,
                                   std::string_view host, BodyFraming framing) {
    ForwardedRequest request;
    request.version(11);
    request.method_string(received.method_string());
    request.target({origin_form.data(), origin_form.size()});
    request.set(http::field::host, boost::beast::string_view(host.data(), host.size()));
    copy_end_to_end(received, request);
    count_forward(request);
    request.insert(http::field::via, via(received.version()));
    request.set(http::field::connection, "close");
    set_framing(request, framing);
    return request;
}

ForwardedResponse forwarded_response(const ForwardedResponse& received, BodyFraming framing,
                                     bool closes) {
    ForwardedResponse response;
    response.version(11);
    response.result(received.result_int());
    response.reason(received.reason());
    copy_end_to_end(received, response);
    response.insert(http::field::via, via(received.version()));
    if (closes)
        response.set(http::field::connection, "close");
    set_framing(response, framing);
    return response;
}

}  // namespace glovebox::core
