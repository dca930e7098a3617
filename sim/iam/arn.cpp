// SPDX-License-Identifier: Apache-2.0

#include "sim/iam/arn.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "core/base/ascii.h"
#include "core/base/bytes.h"
#include "core/crypto/hash.h"

namespace glovebox::iam {
namespace {

// The last part of "user/path/name".
std::string_view last_part(std::string_view resource) {
    return resource.substr(resource.rfind('/') + 1);
}

Result<Arn> parse_iam_arn(std::string_view text) {
    auto arn = parse_arn(text);
    if (arn && (arn->service != "iam" || !arn->region.empty() || !is_account(arn->account)))
        return invalid_input(
            fmt::format("\"{}\" names nobody: arn:aws:iam::<12 digits>:... was expected", text));
    return arn;
}

}  // namespace

Result<Arn> parse_arn(std::string_view text) {
    std::string parts[6];
    std::string_view rest = text;
    for (std::size_t i = 0; i < 5; ++i) {
        const auto colon = rest.find(':');
        if (colon == std::string_view::npos)
            return invalid_input(fmt::format(
                "\"{}\" is not an ARN: arn:partition:service:region:account:resource was expected",
                text));
        parts[i] = rest.substr(0, colon);
        rest.remove_prefix(colon + 1);
    }
    parts[5] = rest;
    if (parts[0] != "arn" || parts[1].empty() || parts[2].empty() || parts[5].empty())
        return invalid_input(fmt::format(
            "\"{}\" is not an ARN: arn:partition:service:region:account:resource was expected",
            text));
    return Arn{parts[1], parts[2], parts[3], parts[4], parts[5]};
}

std::string to_string(const Arn& arn) {
    return fmt::format("arn:{}:{}:{}:{}:{}", arn.partition, arn.service, arn.region, arn.account,
                       arn.resource);
}

std::string_view partition_of(std::string_view region) {
    if (region.starts_with("cn-"))
        return "aws-cn";
    if (region.starts_with("us-gov-"))
        return "aws-us-gov";
    return "aws";
}

std::string_view domain_of(std::string_view region) {
    return region.starts_with("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
}

bool is_account(std::string_view text) {
    return text.size() == 12 &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_service(std::string_view name) {
    // The partitions' domains, and a few services of amazon.com (alexa-appkit).
    constexpr std::array<std::string_view, 5> domains{
        ".amazonaws.com", ".amazonaws.com.cn", ".amazon.com", ".c2s.ic.gov", ".sc2s.sgov.gov"};
    const auto is_part = [](char c) { return is_alphanumeric(c) || c == '-' || c == '.'; };
    return !name.starts_with('.') && std::all_of(name.begin(), name.end(), is_part) &&
           std::any_of(domains.begin(), domains.end(),
                       [&](std::string_view domain) { return name.ends_with(domain); });
}

bool names_principal(const Arn& arn) {
    if (!arn.region.empty() || !is_account(arn.account))
        return false;
    const std::string_view resource = arn.resource;
    const auto is_one_of = [&](std::string_view kind) {
        return resource.starts_with(kind) && resource.back() != '/';
    };
    if (arn.service == "iam")
        return resource == "root" || is_one_of("user/") || is_one_of("role/");
    if (arn.service != "sts")
        return false;
    return is_one_of("federated-user/") ||
           (is_one_of("assumed-role/") && std::count(resource.begin(), resource.end(), '/') == 2);
}

Result<Principal> parse_principal(std::string_view text) {
    const auto arn = parse_iam_arn(text);
    if (!arn)
        return arn.error();
    Principal principal;
    principal.arn = text;
    principal.entity_arn = text;
    principal.account = arn->account;
    if (arn->resource == "root")
        principal.kind = Principal::Kind::root;
    else if (arn->resource.starts_with("user/") && !last_part(arn->resource).empty())
        principal.kind = Principal::Kind::user;
    else
        return invalid_input(fmt::format(
            "\"{}\" is not a caller: a root or user/<name> was expected; a role calls as a session",
            text));
    return principal;
}

std::string unique_id(const Principal& principal) {
    constexpr std::string_view base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    constexpr std::size_t characters = 17;
    if (principal.kind == Principal::Kind::root)
        return principal.account;
    const bool session = principal.kind == Principal::Kind::session;
    const Bytes hash = hash_of(HashAlgorithm::sha256, {as_bytes(principal.entity_arn)});
    std::string id = session ? "AROA" : "AIDA";
    for (std::size_t i = 0; i < characters; ++i)
        id += base32[hash[i] & 31];
    return session ? id + ":" + principal.session_name : id;
}

Result<Principal> session_of(std::string_view role_arn, std::string_view session_name) {
    const auto arn = parse_iam_arn(role_arn);
    if (!arn)
        return arn.error();
    if (!arn->resource.starts_with("role/") || last_part(arn->resource).empty())
        return invalid_input(fmt::format(
            "\"{}\" is not a role: arn:aws:iam::<12 digits>:role/<name> was expected", role_arn));
    Principal principal;
    principal.kind = Principal::Kind::session;
    principal.arn = fmt::format("arn:{}:sts::{}:assumed-role/{}/{}", arn->partition, arn->account,
                                last_part(arn->resource), session_name);
    principal.account = arn->account;
    principal.entity_arn = role_arn;
    principal.session_name = session_name;
    return principal;
}

}  // namespace glovebox::iam
