// SPDX-License-Identifier: Apache-2.0

#include "nsm-mock/document/verification_report.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "core/base/json_text.h"
#include "core/base/printable.h"
#include "nsm-mock/document/cose_sign1.h"
#include "nsm-mock/document/module_id.h"

namespace glovebox::nsm {
namespace {

namespace json = boost::json;

constexpr std::array<Check, 5> checks{Check::syntax, Check::fields, Check::chain, Check::signature,
                                      Check::policy};

// The checks that the policy demands: "PCR0, nonce".
std::string expectations(const Policy& policy) {
    std::string text;
    const auto add = [&text](const std::string& what) {
        text += (text.empty() ? "" : ", ") + what;
    };
    for (const auto& [index, value] : policy.pcrs)
        add(fmt::format("PCR{}", index));
    if (policy.nonce)
        add("nonce");
    if (policy.user_data)
        add("user_data");
    if (policy.public_key)
        add("public_key");
    if (policy.max_age)
        add("age up to " + format_duration(*policy.max_age));
    if (policy.refuse_debug)
        add("no debug mode");
    return text;
}

std::string field_text(const std::optional<Bytes>& value) {
    static constexpr std::size_t bytes_max = 64;
    if (!value)
        return "-";
    if (value->empty())
        return "0 bytes";
    const bool long_one = value->size() > bytes_max;
    return fmt::format("{} bytes: {}{}", value->size(),
                       to_hex(BytesView(*value).first(std::min(value->size(), bytes_max))),
                       long_one ? "..." : "");
}

std::string when_text(TimePoint made, TimePoint now) {
    const auto age = now - made;
    return fmt::format("{}, {} {} the time of verification", format_time(made),
                       format_duration(age),
                       age < std::chrono::milliseconds(0) ? "after" : "before");
}

std::string mode_text(const AttestationDocument& document) {
    if (document.is_debug())
        return "DEBUG: PCR0 to PCR2 are zero, nothing is measured";
    if (const auto unmeasured = document.unmeasured_pcr())
        return fmt::format("UNKNOWN: PCR{} is {}", *unmeasured,
                           document.pcrs.contains(*unmeasured) ? "zero" : "absent");
    return "production";
}

std::string document_text(const AttestationDocument& document, TimePoint now) {
    std::string text = fmt::format("module      {}\n", printable(document.module_id));
    if (const auto id = parse_module_id(document.module_id)) {
        std::int64_t start = 0;
        for (std::size_t i = 0; i < 6; ++i)
            start = start << 8 | id->enclave_id[i];
        text += fmt::format("            instance {}, enclave started {}\n", id->instance_id,
                            format_time(TimePoint(std::chrono::milliseconds(start))));
    }
    text += fmt::format("made        {}\n", when_text(document.timestamp, now));
    text += fmt::format("mode        {}\n", mode_text(document));
    std::string zero;
    for (const auto& [index, value] : document.pcrs) {
        if (is_zero(value) && index > 2)
            zero += fmt::format("{}{}", zero.empty() ? "" : ", ", index);
        else
            text += fmt::format("PCR{:<2}       {}\n", index, to_hex(value));
    }
    if (!zero.empty())
        text += fmt::format("zero PCRs   {}\n", zero);
    text += fmt::format("public_key  {}\n", field_text(document.public_key));
    text += fmt::format("user_data   {}\n", field_text(document.user_data));
    text += fmt::format("nonce       {}\n", field_text(document.nonce));
    return text;
}

std::string root_text(const TrustRoot& root) {
    return fmt::format("{} root, CN={}\n            SHA-256 {}\n", printable(root.name()),
                       printable(root.certificate().common_name()),
                       to_hex(root.certificate().fingerprint()));
}

json::value optional_hex(const std::optional<Bytes>& value) {
    return value ? json::value(to_hex(*value)) : json::value(nullptr);
}

json::object document_json(const AttestationDocument& document) {
    json::object pcrs;
    for (const auto& [index, value] : document.pcrs)
        pcrs[std::to_string(index)] = to_hex(value);
    return {{"module_id", document.module_id},
            {"digest", document.digest},
            {"timestamp", format_time(document.timestamp)},
            {"timestamp_ms", document.timestamp.time_since_epoch().count()},
            {"debug", document.is_debug()},
            {"measured", !document.unmeasured_pcr()},
            {"pcrs", std::move(pcrs)},
            {"public_key", optional_hex(document.public_key)},
            {"user_data", optional_hex(document.user_data)},
            {"nonce", optional_hex(document.nonce)}};
}

json::object root_json(const TrustRoot& root) {
    return {{"name", root.name()},
            {"subject", root.certificate().subject()},
            {"sha256", to_hex(root.certificate().fingerprint())}};
}

}  // namespace

std::string verified_text(const VerifiedDocument& verified, const Policy& policy) {
    std::string text = "VERIFIED    with the " + root_text(verified.root());
    text += document_text(verified.document(), verified.verified_at());
    const Certificate& leaf = verified.chain().back();
    text += fmt::format("chain       {} certificates; the leaf is valid {} to {}\n",
                        verified.chain().size(), format_time(leaf.not_before()),
                        format_time(leaf.not_after()));
    const std::string asked = expectations(policy);
    text += fmt::format(
        "checks      syntax ok, fields ok, chain ok, signature ok, policy {}\n",
        asked.empty() ? "none given: which enclave it is was not checked" : "ok (" + asked + ")");
    for (const std::string& warning : verified.warnings())
        text += fmt::format("warning     {}\n", printable(warning));
    return text;
}

std::string verified_json(const VerifiedDocument& verified, const Policy& policy) {
    json::array chain;
    for (const Certificate& certificate : verified.chain())
        chain.push_back({{"subject", certificate.subject()},
                         {"not_before", format_time(certificate.not_before())},
                         {"not_after", format_time(certificate.not_after())},
                         {"sha256", to_hex(certificate.fingerprint())}});
    json::object passed;
    for (const Check check : checks)
        passed[name_of(check)] = "passed";
    if (expectations(policy).empty())
        passed["policy"] = "none given";
    const json::object object{{"verified", true},
                              {"root", root_json(verified.root())},
                              {"verified_at", format_time(verified.verified_at())},
                              {"document", document_json(verified.document())},
                              {"chain", std::move(chain)},
                              {"checks", std::move(passed)},
                              {"warnings", json::value_from(verified.warnings())}};
    return json_document(object);
}

std::string refused_text(const Error& refusal, const TrustRoot& root, TimePoint now,
                         const std::optional<AttestationDocument>& claims) {
    const auto code = static_cast<DocumentError>(refusal.code.value());
    std::string text = fmt::format("REFUSED     {}, with the {}", name_of(code), root_text(root));
    text += "checks      ";
    for (const Check check : checks) {
        const bool failed = check == check_of(code);
        text += fmt::format("{} {}", name_of(check), failed ? "FAILED" : "ok");
        if (failed)
            break;
        text += ", ";
    }
    text += "\n";
    if (claims)
        text += fmt::format("\n{}:\n{}",
                            check_of(code) == Check::policy
                                ? "What the document says; its chain and signature are valid"
                                : "What the document claims, which is not verified",
                            document_text(*claims, now));
    return text;
}

std::string refused_json(const Error& refusal, const TrustRoot& root, TimePoint now,
                         const std::optional<AttestationDocument>& claims) {
    const auto code = static_cast<DocumentError>(refusal.code.value());
    json::object results;
    bool reached = true;
    for (const Check check : checks) {
        const bool failed = check == check_of(code);
        results[name_of(check)] = failed ? "failed" : reached ? "passed" : "not reached";
        reached = reached && !failed;
    }
    json::object object{{"verified", false},
                        {"refusal", name_of(code)},
                        {"check", name_of(check_of(code))},
                        {"message", refusal.message},
                        {"root", root_json(root)},
                        {"verified_at", format_time(now)},
                        {"checks", std::move(results)}};
    object["unverified_claims"] =
        claims ? json::value(document_json(*claims)) : json::value(nullptr);
    return json_document(object);
}

std::optional<AttestationDocument> unverified_claims(BytesView document) {
    const auto sign1 = CoseSign1::decode(document);
    if (!sign1)
        return std::nullopt;
    std::vector<std::string> ignored;
    auto claims = decode_payload(sign1->payload, FieldLimits::lenient, ignored);
    if (!claims)
        return std::nullopt;
    return std::move(*claims);
}

std::string unread_json(const Error& error) {
    return json_document({{"verified", false}, {"error", error.message}});
}

}  // namespace glovebox::nsm
