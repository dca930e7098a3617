// SPDX-License-Identifier: Apache-2.0

// One case of the policy table: a policy, a request, the expected verdict, and words of the
// explanation.
#pragma once

#include <fmt/core.h>

#include <cctype>
#include <functional>
#include <string>
#include <vector>

#include "sim/kms/policy/decision.h"
#include "sim/kms/testing/enclave.h"

namespace glovebox::kms::testing {

using policy::PolicyKind;
using policy::Verdict;

inline const std::string account = "111122223333";
inline const std::string key_arn =
    "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
inline const std::string role_arn = "arn:aws:iam::111122223333:role/parent";
inline const std::string foreign_role = "arn:aws:iam::444455556666:role/visitor";

inline std::string hex(int pcr) {
    return to_hex(measured(pcr));
}
inline std::string upper(std::string text) {
    for (char& c : text)
        c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return text;
}
inline const std::string zeros(96, '0');

// A condition with one value. Cases with several write the JSON themselves.
inline std::string condition(std::string_view op, std::string_view key, std::string_view value) {
    return fmt::format(R"("{}": {{"{}": "{}"}})", op, key, value);
}
inline std::string pcr_condition(std::string_view op, std::string_view suffix,
                                 std::string_view value) {
    return condition(op, fmt::format("kms:RecipientAttestation:{}", suffix), value);
}

struct StatementText {
    std::string sid = "S";
    std::string effect = "Allow";
    std::string principal = role_arn;
    std::string action = "kms:Decrypt";
    std::string conditions = "";
    std::string more = R"("Resource": "*")";
};

inline std::string text_of(const StatementText& s, PolicyKind kind) {
    std::string out = fmt::format(R"({{"Sid": "{}", "Effect": "{}")", s.sid, s.effect);
    if (s.principal.starts_with('!'))
        out += fmt::format(R"(, "NotPrincipal": {{"AWS": {}}})",
                           s.principal.starts_with("![") ? s.principal.substr(1)
                                                         : '"' + s.principal.substr(1) + '"');
    else if (kind == PolicyKind::key)
        out += s.principal.starts_with('{') || s.principal.starts_with('"')
                   ? fmt::format(R"(, "Principal": {})", s.principal)
                   : fmt::format(R"(, "Principal": {{"AWS": "{}"}})", s.principal);
    if (!s.action.empty())
        out += fmt::format(R"(, "Action": "{}")", s.action);
    if (!s.more.empty())
        out += ", " + s.more;
    if (!s.conditions.empty())
        out += fmt::format(R"(, "Condition": {{{}}})", s.conditions);
    return out + "}";
}

inline std::string policy_of(const std::vector<StatementText>& statements, PolicyKind kind) {
    std::string out;
    for (const auto& statement : statements)
        out += (out.empty() ? "" : ", ") + text_of(statement, kind);
    return fmt::format(R"({{"Version": "2012-10-17", "Statement": [{}]}})", out);
}

// The Recipient that the case sends.
enum class Sent {
    nothing,
    release,  // measured PCR0, 1, 2 and 8, PCR3 of the role
    debug,    // the same image in debug mode
    plain,    // no signature on the image, no role on the parent
    aged,     // the release enclave's document, 4 hours old
    early,    // ... from a clock that is an hour ahead
    other_root,
    keyless,      // no public_key
    elliptic,     // a P-256 key in public_key
    cut,          // the document without its last byte
    forged,       // one bit of the signature changed
    aws_in_time,  // a real document, judged at its own time with AWS's root
    aws_today,    // the same document, years later
    aws_keyed,    // at its own time again, and to be answered: its public_key is PEM
};

struct Case {
    std::string name;
    std::vector<StatementText> key_policy;
    Sent sent = Sent::nothing;
    Verdict verdict = Verdict::allowed;
    std::string explanation;  // a part of it
    std::vector<StatementText> identity_policy = {};
    std::string action = "kms:Decrypt";
    std::string caller = role_arn;
    std::function<void(policy::RequestContext&)> context = {};
    bool document_refused = false;  // before any policy is asked
};

inline void PrintTo(const Case& one, std::ostream* out) {
    *out << one.name;
}

// attested_policy_cases.cpp
[[nodiscard]] std::vector<Case> attested_policy_cases();
// plain_policy_cases.cpp
[[nodiscard]] std::vector<Case> plain_policy_cases();

}  // namespace glovebox::kms::testing
