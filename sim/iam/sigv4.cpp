// SPDX-License-Identifier: Apache-2.0

#include "sim/iam/sigv4.h"

#include <fmt/core.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <optional>

#include "core/base/ascii.h"
#include "core/crypto/hash.h"

namespace glovebox::iam {
namespace {

constexpr std::string_view algorithm = "AWS4-HMAC-SHA256";
constexpr std::string_view scope_terminator = "aws4_request";

bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && is_blank(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back()))
        text.remove_suffix(1);
    return text;
}

// Trims the value, and replaces each run of blanks in it by one space.
std::string canonical_value(std::string_view value) {
    std::string out;
    for (const char c : trimmed(value)) {
        if (is_blank(c) && !out.empty() && out.back() == ' ')
            continue;
        out += is_blank(c) ? ' ' : c;
    }
    return out;
}

std::string canonical_query(std::string_view query) {
    std::vector<std::string> pairs;
    while (!query.empty()) {
        const auto end = std::min(query.find('&'), query.size());
        std::string pair(query.substr(0, end));
        if (pair.find('=') == std::string::npos)
            pair += '=';
        if (pair != "=")
            pairs.push_back(std::move(pair));
        query.remove_prefix(std::min(end + 1, query.size()));
    }
    // Sorted by name, then by value. Comparing whole pairs would be wrong, because '=' sorts after
    // some characters of a name.
    std::sort(pairs.begin(), pairs.end(), [](const std::string& a, const std::string& b) {
        const auto name_a = std::string_view(a).substr(0, a.find('='));
        const auto name_b = std::string_view(b).substr(0, b.find('='));
        return name_a != name_b ? name_a < name_b : a < b;
    });
    std::string out;
    for (const std::string& pair : pairs)
        out += (out.empty() ? "" : "&") + pair;
    return out;
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
    std::string out;
    for (const std::string& part : parts) {
        if (!out.empty())
            out += separator;
        out += part;
    }
    return out;
}

std::vector<std::string> split(std::string_view text, char separator) {
    std::vector<std::string> parts;
    for (;;) {
        const auto end = text.find(separator);
        parts.emplace_back(text.substr(0, end));
        if (end == std::string_view::npos)
            return parts;
        text.remove_prefix(end + 1);
    }
}

// "20150830T123600Z".
std::optional<TimePoint> parse_amz_date(std::string_view text) {
    const auto is_digit_at = [text](std::size_t i) { return text[i] >= '0' && text[i] <= '9'; };
    if (text.size() != 16 || text[8] != 'T' || text[15] != 'Z')
        return std::nullopt;
    for (std::size_t i = 0; i < 15; ++i)
        if (i != 8 && !is_digit_at(i))
            return std::nullopt;
    const auto part = [text](std::size_t from, std::size_t length) {
        return std::string(text.substr(from, length));
    };
    const auto time = parse_time(part(0, 4) + "-" + part(4, 2) + "-" + part(6, 2) + "T" +
                                 part(9, 2) + ":" + part(11, 2) + ":" + part(13, 2) + "Z");
    if (!time)
        return std::nullopt;
    return *time;
}

// "Sun, 06 Nov 1994 08:49:37 GMT", the Date that a request without X-Amz-Date is signed at.
std::optional<TimePoint> parse_http_date(std::string_view text) {
    static constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
    if (text.size() != 29 || text.substr(3, 2) != ", " || text.substr(25) != " GMT")
        return std::nullopt;
    const auto month = months.find(text.substr(8, 3));
    if (month == std::string_view::npos || month % 3 != 0)
        return std::nullopt;
    const auto time = parse_time(fmt::format("{}-{:02}-{}T{}Z", text.substr(12, 4), month / 3 + 1,
                                             text.substr(5, 2), text.substr(17, 8)));
    if (!time)
        return std::nullopt;
    return *time;
}

AuthenticationFailure incomplete(std::string message, std::string explanation) {
    return {"IncompleteSignatureException", std::move(message), std::move(explanation)};
}

AuthenticationFailure invalid_signature(std::string message, std::string explanation) {
    return {"InvalidSignatureException", std::move(message), std::move(explanation)};
}

using Parsed = std::variant<Authorization, AuthenticationFailure>;

Parsed parse_authorization(std::string_view header) {
    if (!header.starts_with(algorithm) ||
        (header.size() > algorithm.size() && !is_blank(header[algorithm.size()])))
        return incomplete(
            fmt::format(
                "Authorization header requires 'Credential' parameter. Authorization header "
                "requires 'Signature' parameter. Authorization header requires "
                "'SignedHeaders' parameter. Authorization={}",
                header.substr(0, header.find(' '))),
            fmt::format(
                "the Authorization header does not begin with {}: another way of signing is "
                "not known here",
                algorithm));
    Authorization authorization;
    std::string credential;
    for (const std::string& piece : split(header.substr(algorithm.size()), ',')) {
        const std::string_view text = trimmed(piece);
        if (text.empty())
            continue;
        const auto equals = text.find('=');
        if (equals == std::string_view::npos)
            return incomplete(fmt::format("'{}' not a valid key=value pair (missing equal-sign) in "
                                          "Authorization header: '{}'.",
                                          text, header),
                              "the Authorization header is not of the form Credential=..., "
                              "SignedHeaders=..., Signature=...");
        const std::string_view name = text.substr(0, equals);
        const std::string_view value = text.substr(equals + 1);
        if (name == "Credential")
            credential = value;
        else if (name == "SignedHeaders")
            authorization.signed_headers = split(value, ';');
        else if (name == "Signature")
            authorization.signature = value;
    }
    std::string missing;
    for (const auto& [name, absent] :
         {std::pair{"Credential", credential.empty()},
          std::pair{"Signature", authorization.signature.empty()},
          std::pair{"SignedHeaders", authorization.signed_headers.empty()}})
        if (absent)
            missing += fmt::format("Authorization header requires '{}' parameter. ", name);
    if (!missing.empty())
        return incomplete(fmt::format("{}Authorization={}", missing, algorithm),
                          "a part of the Authorization header is missing");
    const auto parts = split(credential, '/');
    if (parts.size() != 5)
        return incomplete(
            fmt::format("Credential must have exactly 5 slash-delimited elements, e.g. "
                        "keyid/date/region/service/term, got '{}'",
                        credential),
            "the Credential is not <access key id>/<yyyymmdd>/<region>/<service>/aws4_request");
    authorization.access_key_id = parts[0];
    authorization.date = parts[1];
    authorization.region = parts[2];
    authorization.service = parts[3];
    authorization.terminator = parts[4];
    return authorization;
}

std::optional<AuthenticationFailure> check_scope(const Authorization& authorization,
                                                 const SigningScope& scope,
                                                 std::string_view amz_date) {
    if (authorization.region != scope.region)
        return invalid_signature(
            fmt::format("Credential should be scoped to a valid region, not '{}'. ",
                        authorization.region),
            fmt::format("the request was signed for the region {}, this is {}: set the client's "
                        "region, or start with --region",
                        authorization.region, scope.region));
    if (authorization.service != scope.service)
        return invalid_signature(
            fmt::format("Credential should be scoped to correct service: '{}'. ", scope.service),
            fmt::format("the request was signed for the service {}", authorization.service));
    if (authorization.terminator != scope_terminator)
        return invalid_signature(
            fmt::format("Credential should be scoped with a valid terminator: '{}', not '{}'.",
                        scope_terminator, authorization.terminator),
            fmt::format("the Credential ends in {}", authorization.terminator));
    if (authorization.date != amz_date.substr(0, 8))
        return invalid_signature(
            fmt::format("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of "
                        "date from HTTP: '{}' != '{}', from '{}'.",
                        authorization.date, amz_date.substr(0, 8), amz_date),
            "the Credential's date is not the day of X-Amz-Date");
    return std::nullopt;
}

std::optional<AuthenticationFailure> check_time(TimePoint signed_at, TimePoint now) {
    const std::string at = format_amz_date(signed_at);
    const auto off = format_duration(now - signed_at);
    if (signed_at < now - signature_skew_max)
        return invalid_signature(
            fmt::format("Signature expired: {} is now earlier than {} ({} - 5 min.)", at,
                        format_amz_date(now - signature_skew_max), format_amz_date(now)),
            fmt::format("the request was signed {} ago, by this clock; 5 min are allowed", off));
    if (signed_at > now + signature_skew_max)
        return invalid_signature(
            fmt::format("Signature not yet current: {} is still later than {} ({} + 5 min.)", at,
                        format_amz_date(now + signature_skew_max), format_amz_date(now)),
            fmt::format("the request was signed {} ahead of this clock; 5 min are allowed", off));
    return std::nullopt;
}

// The signature has to cover Host, and every x-amz- header of the request, because AWS takes
// instructions from those. Only the session token may be added after signing: it determines the
// secret that the signature is checked with, so another token never fits.
std::optional<AuthenticationFailure> check_signed_headers(const http::Request& request,
                                                          const std::vector<std::string>& names) {
    const auto is_signed = [&](std::string_view header) {
        return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
            return equals_ignoring_case(name, header);
        });
    };
    if (!is_signed("host"))
        return invalid_signature(
            "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
            "the Host header is not among the signed ones");
    for (const http::Header& header : request.headers) {
        const std::string name = to_lower(header.name);
        if (!name.starts_with("x-amz-") || name == "x-amz-security-token" || is_signed(name))
            continue;
        return invalid_signature(
            fmt::format("'{}' must be a 'SignedHeader' in the AWS Authorization.", name),
            fmt::format("the request has the header {}, which its signature does not cover: sign "
                        "Host and every x-amz- header",
                        name));
    }
    return std::nullopt;
}

}  // namespace

std::string Authorization::scope() const {
    return fmt::format("{}/{}/{}/{}", date, region, service, terminator);
}

std::string format_amz_date(TimePoint time) {
    std::string text = format_time(time).substr(0, 19) + "Z";
    std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
    return text;
}

std::string canonical_request(const http::Request& request,
                              const std::vector<std::string>& signed_headers) {
    std::string out = request.method + '\n';
    out += request.path();
    out += '\n';
    out += canonical_query(request.query());
    out += '\n';
    for (const std::string& name : signed_headers) {
        std::string values;
        bool first = true;
        for (const http::Header& header : request.headers) {
            if (!equals_ignoring_case(header.name, name))
                continue;
            if (!first)
                values += ',';
            values += canonical_value(header.value);
            first = false;
        }
        out += to_lower(name) + ':' + values + '\n';
    }
    out += '\n' + to_lower(join(signed_headers, ";")) + '\n' + sha256_hex(as_bytes(request.body));
    return out;
}

std::string string_to_sign(std::string_view amz_date, std::string_view scope,
                           std::string_view canonical_request) {
    return fmt::format("{}\n{}\n{}\n{}", algorithm, amz_date, scope,
                       sha256_hex(as_bytes(canonical_request)));
}

std::string signature_of(std::string_view secret_access_key, const Authorization& authorization,
                         std::string_view string_to_sign) {
    const std::string secret = "AWS4" + std::string(secret_access_key);
    Bytes key(secret.begin(), secret.end());
    for (const std::string_view part :
         {std::string_view(authorization.date), std::string_view(authorization.region),
          std::string_view(authorization.service), std::string_view(authorization.terminator),
          string_to_sign})
        key = hmac(HashAlgorithm::sha256, key, as_bytes(part));
    return to_hex(key);
}

void sign(http::Request& request, const Credential& credential, const SigningScope& scope,
          TimePoint now) {
    const std::string amz_date = format_amz_date(now);
    request.headers.push_back({"X-Amz-Date", amz_date});
    if (!credential.session_token.empty())
        request.headers.push_back({"X-Amz-Security-Token", credential.session_token});
    Authorization authorization;
    authorization.access_key_id = credential.access_key_id;
    authorization.date = amz_date.substr(0, 8);
    authorization.region = scope.region;
    authorization.service = scope.service;
    authorization.terminator = scope_terminator;
    for (const http::Header& header : request.headers)
        authorization.signed_headers.push_back(to_lower(header.name));
    auto& names = authorization.signed_headers;
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    authorization.signature = signature_of(
        credential.secret_access_key, authorization,
        string_to_sign(amz_date, authorization.scope(), canonical_request(request, names)));
    request.headers.push_back(
        {"Authorization", fmt::format("{} Credential={}/{}, SignedHeaders={}, Signature={}",
                                      algorithm, authorization.access_key_id, authorization.scope(),
                                      join(names, ";"), authorization.signature)});
}

std::string claimed_access_key_id(const http::Request& request) {
    const auto header = request.header("Authorization");
    if (!header)
        return {};
    const auto parsed = parse_authorization(*header);
    const auto* authorization = std::get_if<Authorization>(&parsed);
    return authorization == nullptr ? std::string() : authorization->access_key_id;
}

Authentication authenticate(const http::Request& request, const CredentialStore& credentials,
                            const SigningScope& scope, TimePoint now) {
    const auto header = request.header("Authorization");
    if (!header)
        return AuthenticationFailure{"MissingAuthenticationTokenException",
                                     "Missing Authentication Token",
                                     "the request has no Authorization header: the client has no "
                                     "credentials, or was told not to sign"};
    auto parsed = parse_authorization(*header);
    if (auto* failure = std::get_if<AuthenticationFailure>(&parsed))
        return std::move(*failure);
    const auto& authorization = std::get<Authorization>(parsed);

    std::optional<TimePoint> signed_at;
    if (const auto amz_date = request.header("X-Amz-Date"))
        signed_at = parse_amz_date(trimmed(*amz_date));
    else if (const auto date = request.header("Date"))
        signed_at = parse_amz_date(trimmed(*date)) ? parse_amz_date(trimmed(*date))
                                                   : parse_http_date(trimmed(*date));
    if (!signed_at)
        return incomplete(
            fmt::format("Authorization header requires existence of either a 'X-Amz-Date' or a "
                        "'Date' header. Authorization={}",
                        algorithm),
            "the request has no X-Amz-Date of the form 20150830T123600Z");
    const std::string amz_date = format_amz_date(*signed_at);
    if (auto failure = check_scope(authorization, scope, amz_date))
        return std::move(*failure);

    const auto token = request.header("X-Amz-Security-Token");
    auto credential = credentials.find(authorization.access_key_id, trimmed(token.value_or("")));
    if (!credential)
        return AuthenticationFailure{"UnrecognizedClientException",
                                     "The security token included in the request is invalid.",
                                     credential.error().message};
    if (credential->expiration && *credential->expiration <= now)
        return AuthenticationFailure{"ExpiredTokenException",
                                     "The security token included in the request is expired",
                                     fmt::format("the session credentials expired {} ago",
                                                 format_duration(now - *credential->expiration))};
    if (auto failure = check_time(*signed_at, now))
        return std::move(*failure);

    const auto& names = authorization.signed_headers;
    if (auto failure = check_signed_headers(request, names))
        return std::move(*failure);
    const std::string canonical = canonical_request(request, names);
    const std::string expected =
        signature_of(credential->secret_access_key, authorization,
                     string_to_sign(amz_date, authorization.scope(), canonical));
    if (authorization.signature.size() != expected.size() ||
        CRYPTO_memcmp(authorization.signature.data(), expected.data(), expected.size()) != 0) {
        std::string absent;
        for (const std::string& name : names)
            if (!request.header(name))
                absent += fmt::format(", and the signed header {} did not arrive", name);
        return invalid_signature(
            "The request signature we calculated does not match the signature you provided. Check "
            "your AWS Secret Access Key and signing method. Consult the service documentation for "
            "details.",
            fmt::format("the signature does not match: the secret access key is not the one of {}, "
                        "or the request was changed on its way{} (SHA-256 of the canonical request "
                        "here: {})",
                        authorization.access_key_id, absent, sha256_hex(as_bytes(canonical))));
    }
    return std::move(*credential);
}

}  // namespace glovebox::iam
