// SPDX-License-Identifier: Apache-2.0

#include "sim/inspect/inspector.h"

#include <fmt/core.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <memory>
#include <optional>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/json_reader.h"
#include "core/base/json_text.h"
#include "core/base/printable.h"
#include "sim/inspect/assets.h"
#include "sim/inspect/export_page.h"
#include "sim/inspect/image_view.h"

namespace glovebox::inspect {
namespace {

namespace json = boost::json;

constexpr unsigned permanent_redirect = 308;
constexpr unsigned bad_request = 400;
constexpr unsigned forbidden = 403;
constexpr unsigned not_found = 404;
constexpr unsigned misdirected = 421;
constexpr unsigned unavailable = 503;

// Events in one message, and questions without a new one until a comment says that the server is
// still there: a connection that is gone is noticed by writing.
constexpr std::size_t events_of_a_message = 500;
constexpr unsigned questions_until_comment = 100;

// Nothing from elsewhere, no script but the page's own files, and no page around this one.
constexpr const char* content_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

http::Response response(unsigned status, std::string_view type, std::string body) {
    return {status,
            {{"Content-Type", std::string(type)},
             {"Content-Security-Policy", content_policy},
             {"X-Content-Type-Options", "nosniff"},
             {"Referrer-Policy", "no-referrer"},
             {"Cross-Origin-Resource-Policy", "same-origin"},
             {"Cross-Origin-Opener-Policy", "same-origin"},
             {"Cache-Control", "no-store"}},
            std::move(body)};
}

http::Response answer_json(const json::value& value, unsigned status = 200) {
    return response(status, "application/json", json_text(value));
}

http::Response refusal(unsigned status, std::string_view sentence) {
    return answer_json(json::object{{"error", sentence}}, status);
}

http::Response result(const Result<json::object>& found) {
    return found ? answer_json(*found) : refusal(bad_request, found.error().message);
}

// The value of a parameter of a query, as it stands there.
std::optional<std::string_view> parameter(std::string_view query, std::string_view name) {
    while (!query.empty()) {
        const auto end = query.find('&');
        const std::string_view pair = query.substr(0, end);
        query = end == query.npos ? "" : query.substr(end + 1);
        const auto equals = pair.find('=');
        if (equals != pair.npos && pair.substr(0, equals) == name)
            return pair.substr(equals + 1);
    }
    return std::nullopt;
}

// Takes as long for every wrong one.
bool same(std::string_view one, std::string_view other) {
    return one.size() == other.size() && CRYPTO_memcmp(one.data(), other.data(), one.size()) == 0;
}

}  // namespace

Inspector::Inspector(const Subject& subject, const Clock& clock, InspectorOptions options)
    : subject_(subject),
      clock_(clock),
      options_(std::move(options)),
      images_(std::move(options_.images)) {
    for (std::string& file : subject.images())
        if (std::find(images_.begin(), images_.end(), file) == images_.end())
            images_.push_back(std::move(file));
}

bool Inspector::is_own(std::string_view host) const {
    const auto colon = address_.rfind(':');
    const std::string local = "localhost" + address_.substr(colon);
    // Browsers leave out the port of their protocol.
    const bool is_default = address_.substr(colon) == ":80";
    return host == address_ || host == local ||
           (is_default && (host == address_.substr(0, colon) || host == "localhost"));
}

std::optional<http::Response> Inspector::refuse(const http::Request& request, bool is_page) const {
    const auto host = request.header("Host").value_or("");
    if (!is_own(host))
        return refusal(
            misdirected,
            fmt::format("the Host is {}: open http://{}/... as the inspector printed it, "
                        "and forward a port of the same number",
                        host.empty() ? std::string("missing") : shown(host), address_));
    const auto origin = request.header("Origin");
    if (origin && !(origin->starts_with("http://") && is_own(origin->substr(7))))
        return refusal(misdirected,
                       fmt::format("the Origin is {}: only the inspector's own page at http://{} "
                                   "can ask it",
                                   shown(*origin), address_));
    const auto site = request.header("Sec-Fetch-Site").value_or("none");
    // A link in a mail or a chat: the other page can't read what it opens.
    const bool is_followed = is_page && request.header("Sec-Fetch-Mode") == "navigate" &&
                             request.header("Sec-Fetch-Dest") == "document";
    if (site != "same-origin" && site != "none" && !is_followed)
        return refusal(misdirected,
                       fmt::format("Sec-Fetch-Site is {}: open http://{}/... as the inspector "
                                   "printed it, in a tab of its own",
                                   shown(site), address_));
    return std::nullopt;
}

http::Response Inspector::answer(const http::Request& request) const {
    const bool is_get = request.method == "GET" || request.method == "HEAD";
    std::string_view path = request.path();
    path.remove_prefix(path.starts_with('/') ? 1 : 0);
    const auto end = path.find('/');
    const std::string_view name = end == path.npos ? "" : path.substr(end + 1);
    if (auto refused = refuse(request, is_get && name.empty()))
        return std::move(*refused);
    if (!request.path().starts_with('/'))
        return refusal(not_found, "there is nothing here");
    if (!same(path.substr(0, end), options_.token))
        return refusal(forbidden,
                       "the token in the address is wrong or missing: open the address "
                       "that the inspector printed");
    if (is_get && end == path.npos) {
        http::Response moved = response(permanent_redirect, "text/plain; charset=utf-8", "");
        moved.headers.push_back({"Location", fmt::format("/{}/", options_.token)});
        return moved;
    }
    if (is_get)
        return answer_get(name, request.query());
    if (request.method == "POST")
        return answer_post(name, request.body);
    return refusal(405, "only GET, HEAD and POST are answered");
}

http::Response Inspector::answer_get(std::string_view name, std::string_view query) const {
    if (const Asset* const asset = find_asset(name.empty() ? "index.html" : name))
        return response(200, content_type(asset->name), std::string(asset->content));
    if (name == "events")
        return events();
    if (name == "decision")
        return result(subject_.decision(parameter(query, "id").value_or("")));
    if (name == "images")
        return answer_json(json::value_from(images_));
    if (name == "image")
        return image(query);
    if (name == "document" && options_.document.empty())
        return answer_json(nullptr);
    if (name == "document")
        return response(
            200, "application/json",
            document_view(as_bytes(options_.document), clock_.now(), options_.mock_root));
    if (name == "export") {
        http::Response page = response(200, "text/html; charset=utf-8", "");
        page.pieces = [pieces = std::make_shared<ExportPage>(subject_)] { return pieces->next(); };
        page.headers.push_back(
            {"Content-Disposition", "attachment; filename=\"glovebox-run.html\""});
        return page;
    }
    return refusal(not_found, "there is nothing here");
}

http::Response Inspector::answer_post(std::string_view name, const std::string& body) const {
    if (name == "document")
        return response(200, "application/json",
                        document_view(as_bytes(body), clock_.now(), options_.mock_root));
    if (name != "fault" && name != "act")
        return refusal(not_found, "there is nothing here");
    auto question = read_json(body);
    if (!question || !question->is_object())
        return refusal(bad_request, "the body is no JSON object");
    if (name == "fault")
        return result(subject_.ask(question->get_object()));
    question->get_object()["wait"] = false;  // its result is an event
    return result(subject_.act(question->get_object()));
}

http::Response Inspector::events() const {
    if (followers() >= followers_max)
        return refusal(unavailable,
                       fmt::format("{} pages follow the events already, the most at a time: close "
                                   "one, and reload this page",
                                   followers_max));
    http::Response stream = response(200, "text/event-stream", ": the events of a world\n\n");
    stream.pieces = [reader = std::shared_ptr<EventReader>(subject_.events()),
                     follower = followers_, is_over = false,
                     waits = 0U]() mutable -> std::optional<std::string> {
        if (is_over)
            return std::nullopt;
        const auto lines = reader->next(events_of_a_message);
        if (!lines) {
            is_over = true;
            return "event: end\ndata: \n\n";
        }
        if (lines->empty()) {
            waits = (waits + 1) % questions_until_comment;
            return waits == 0 ? ": still there\n\n" : "";
        }
        std::string message = "data: [";
        for (const std::string& line : *lines)
            message += (message.back() == '[' ? "" : ",") + line;
        return message + "]\n\n";
    };
    return stream;
}

http::Response Inspector::image(std::string_view query) const {
    const auto file = [&](std::string_view name) -> const std::string* {
        const std::string_view text = parameter(query, name).value_or("");
        std::size_t index = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), index);
        const bool is_number =
            !text.empty() && error == std::errc() && end == text.data() + text.size();
        return is_number && index < images_.size() ? &images_[index] : nullptr;
    };
    const std::string* const first = file("first");
    const std::string* const second = file("second");
    if (first == nullptr || (second == nullptr && parameter(query, "second")))
        return refusal(not_found, "there is no such image");
    return result(second == nullptr ? image_view(*first, clock_.now())
                                    : image_comparison(*first, *second));
}

}  // namespace glovebox::inspect
