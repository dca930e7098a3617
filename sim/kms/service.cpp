// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/service.h"

#include <fmt/core.h>

#include <stdexcept>

#include "core/base/printable.h"
#include "sim/kms/identifier.h"
#include "sim/kms/json.h"
#include "sim/kms/operations/table.h"
#include "sim/kms/record.h"

namespace glovebox::kms {
namespace json = boost::json;

namespace {

constexpr std::string_view target_prefix = "TrentService.";
constexpr std::string_view content_type = "application/x-amz-json-1.1";
// Node reads 16 KB of headers by default.
constexpr std::size_t explanation_bytes_max = 4096;

// One line of visible ASCII, as a header's value has to be.
std::string header_text(std::string_view text) {
    std::string out = cut(text, explanation_bytes_max);
    for (char& c : out)
        if (c < 0x20 || c > 0x7e)
            c = '?';
    return out;
}

http::Response respond(TimePoint now, const std::string& request_id) {
    http::Response response;
    response.headers = {
        {"x-amzn-RequestId", request_id},
        {"Content-Type", std::string(content_type)},
        // Clients set their signing clock by it.
        {"Date",
         http::http_date(std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count())},
    };
    return response;
}

http::Response refuse(http::Response response, const ApiError& error) {
    response.status = error.status;
    response.body = error.body();
    if (!error.why().empty())
        response.headers.push_back({std::string(explanation_header), header_text(error.why())});
    return response;
}

// The name of a request in the logs: "Nonsense" if that is its X-Amz-Target, otherwise "GET /path".
std::string name_of(const http::Request& request) {
    std::string_view target = request.header("X-Amz-Target").value_or("");
    if (request.method != "POST" || target.empty())
        return fmt::format("{} {}", shown(request.method), shown(request.path()));
    if (target.starts_with(target_prefix))
        target.remove_prefix(target_prefix.size());
    return shown(target);
}

}  // namespace

std::string_view operation_of(const http::Request& request) {
    const std::string_view target = request.header("X-Amz-Target").value_or("");
    return target.starts_with(target_prefix) ? target.substr(target_prefix.size())
                                             : std::string_view();
}

bool takes_long(const http::Request& request) {
    const auto* operation = find_operation(operation_of(request));
    return operation != nullptr && operation->makes_keys;
}

Service::Service(ServiceSettings settings, KeyStore& keys, const iam::CredentialStore& credentials,
                 const Directory& directory, std::vector<nsm::TrustRoot> roots, const Clock& clock,
                 RandomSource& random, Log& log, JsonLines* trace, JsonLines* access_log)
    : settings_(std::move(settings)),
      credentials_(credentials),
      roots_(std::move(roots)),
      environment_{
          settings_.account, settings_.region, keys, directory, roots_, recipients_, random,
          settings_.context},
      clock_(clock),
      random_(random),
      log_(log),
      trace_(trace),
      access_log_(access_log) {}

Answer<iam::Principal> Service::caller_of(const http::Request& request, TimePoint now) const {
    if (!settings_.authenticate) {
        const auto claimed =
            credentials_.find(iam::claimed_access_key_id(request),
                              std::string(request.header("X-Amz-Security-Token").value_or("")));
        return claimed ? claimed->principal : settings_.anonymous;
    }
    auto outcome = iam::authenticate(request, credentials_, {settings_.region, "kms"}, now);
    if (auto* failure = std::get_if<iam::AuthenticationFailure>(&outcome))
        return api_error(failure->exception, failure->message, failure->explanation);
    return std::get<iam::Credential>(outcome).principal;
}

http::Response Service::handle(const http::Request& request, const Interference& interference) {
    const TimePoint now = clock_.now();
    const std::string request_id = make_uuid(random_);
    if (request.method == "GET" &&
        (request.path() == "/ping" || request.path() == "/healthcheck")) {
        http::Response response = respond(now, request_id);
        response.headers[1].value = "text/plain";
        response.body = "healthy";
        return response;
    }
    const auto call_of = [&](const Operation& operation, iam::Principal caller) {
        return Call{request,
                    operation,
                    {},
                    std::move(caller),
                    shown(iam::claimed_access_key_id(request)),
                    request_id,
                    now,
                    false,
                    {},
                    {},
                    {},
                    {}};
    };
    // The caller is unknown and no policy was asked. The logs have the request nevertheless, so
    // that their last refusal is the last one that was made.
    const auto refuse_unheard = [&](const Operation& operation, const ApiError& error) {
        record(call_of(operation, {}), error);
        return refuse(respond(now, request_id), error);
    };
    const std::string_view target = request.header("X-Amz-Target").value_or("");
    const Operation* operation = find_operation(operation_of(request));
    if (request.method != "POST" || operation == nullptr) {
        const ApiError error = without_message(
            "UnknownOperationException",
            request.method != "POST"
                ? fmt::format("KMS is asked with POST /, not {} {}", shown(request.method),
                              shown(request.path()))
                : fmt::format("X-Amz-Target \"{}\" is not an operation of this service",
                              shown(target)));
        const std::string name = name_of(request);
        return refuse_unheard(Operation{name, nullptr}, error);
    }
    // A browser sends it with each POST, also under a name that a page's owner has led here. If it
    // were served, a page could ask a KMS that checks no signatures.
    if (const auto origin = request.header("Origin"))
        return refuse_unheard(
            *operation,
            api_error("AccessDeniedException", "Requests of web pages are not served.",
                      fmt::format("the request has the Origin {}, as those that a page in a "
                                  "browser makes; this KMS serves programs alone",
                                  shown(*origin))));
    if (interference.error)
        return refuse_unheard(*operation, *interference.error);
    const auto caller = caller_of(request, now);
    if (!caller)
        return refuse_unheard(*operation, caller.error());
    if (interference.expired && caller->delivery &&
        caller->delivery->issued <= *interference.expired)
        return refuse_unheard(*operation,
                              api_error("ExpiredTokenException",
                                        "The security token included in the request is expired",
                                        "a fault of the world: imds expire-credentials"));
    Call call = call_of(*operation, *caller);
    Answer<std::string> answer = std::string();
    try {
        answer = run(call);
    } catch (const std::exception& bug) {
        answer = internal_error(bug.what());
    }
    std::optional<ApiError> error;
    if (!answer)
        error = answer.error();
    record(call, error);
    if (error)
        return refuse(respond(now, request_id), *error);
    http::Response response = respond(now, request_id);
    response.body = std::move(*answer);
    return response;
}

Answer<std::string> Service::run(Call& call) {
    // An empty body is an empty object: operations without members are called with either.
    auto value =
        read_json(call.http.body.empty() ? std::string_view("{}") : call.http.body, json_budget);
    if (!value || !value->is_object())
        return ApiError{"SerializationException", std::nullopt,
                        "the request's body is not a JSON object" +
                            (value ? std::string() : ": " + value.error().message)};
    call.input = std::move(value->get_object());
    Input input(call.input);
    call.dry_run = call.operation.takes_dry_run && input.flag("DryRun");
    if (auto error = input.error())
        return *error;
    // An answer other than a success undoes what the operation has changed.
    std::optional<Transaction> transaction;
    if (call.operation.is_transaction()) {
        auto begun = environment_.keys.begin();
        if (!begun)
            return internal_error(begun.error().message);
        transaction.emplace(std::move(*begun));
    }
    // The one place from which a request is carried out: whatever answers in an operation's stead
    // answers here.
    const auto output = call.operation.handler(environment_, call);
    if (!output)
        return output.error();
    if (call.dry_run)
        return api_error("DryRunOperationException",
                         "The request would have succeeded, but the DryRun option is set.");
    if (transaction)
        if (auto committed = transaction->commit(); !committed)
            return internal_error(committed.error().message);
    return call.operation.has_output ? to_json(*output) : std::string();
}

void Service::record(const Call& call, const std::optional<ApiError>& error) {
    const bool is_known = !call.caller.arn.empty();
    const std::string on = call.resources.empty() ? "" : " on " + call.resources.front();
    const auto log = [&](LogLevel level, Event event, const std::string& outcome,
                         const auto&... fields) {
        log_.log(level, event, "{} {} {}{}{}", field("request", call.operation.name),
                 is_known ? "by" : "from",
                 field("principal", is_known ? call.caller.arn : call.http.remote_address), on,
                 outcome, field("key", call.resources.empty() ? "" : call.resources.front()),
                 field("request_id", call.request_id), fields...);
    };
    if (!error)
        log(LogLevel::info, "request", "");
    else
        log(error->status >= 500 ? LogLevel::error : LogLevel::warning,
            error->status >= 500 ? Event("failed") : Event("refused"),
            fmt::format(" {}: {}: {}", error->status >= 500 ? "failed" : "refused",
                        error->exception, error->why()),
            field("error", error->exception), field("status", error->status),
            field("reason", error->why()));
    const auto append = [&](JsonLines* lines, const json::object& line, std::string_view file) {
        if (lines == nullptr)
            return;
        if (const auto done = lines->append(line); !done)
            log_.error("not_recorded", "the {} lacks this request: {}", file,
                       field("error", done.error().message));
    };
    if (trace_ != nullptr)
        append(trace_, trace_record(call, error), "trace");
    if (access_log_ != nullptr)
        append(access_log_, cloudtrail_event(environment_, call, error, random_), "access log");
}

}  // namespace glovebox::kms
