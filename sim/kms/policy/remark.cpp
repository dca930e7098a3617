// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/policy/remark.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "core/base/ascii.h"
#include "sim/kms/policy/condition_key.h"

namespace glovebox::kms::policy {
namespace {

constexpr std::string_view attestation_prefix = "kms:recipientattestation";
constexpr std::string_view image_suffix = "imagesha384";
constexpr std::size_t pcr_hex_digits = 96;
constexpr int pcr_count = 32;

// The PCR that an attestation key names: 0 for ImageSha384. Empty if it is not such a key.
std::optional<int> pcr_of(std::string_view lower_key) {
    if (!lower_key.starts_with(attestation_prefix) || lower_key.size() <= attestation_prefix.size())
        return std::nullopt;
    std::string_view rest = lower_key.substr(attestation_prefix.size());
    if (rest.substr(1) == image_suffix)
        return 0;
    if (!rest.starts_with(":pcr"))
        return std::nullopt;
    rest.remove_prefix(4);
    int index = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), index);
    if (error != std::errc() || end != rest.data() + rest.size() || index < 0 ||
        index >= pcr_count || (rest.size() > 1 && rest.front() == '0'))
        return std::nullopt;
    return index;
}

bool all_zero(std::string_view value) {
    return !value.empty() && value.find_first_not_of('0') == std::string_view::npos;
}

std::string why_zero(int pcr) {
    switch (pcr) {
        case 0:
        case 1:
        case 2:
            return fmt::format("PCR{} is all zero: the enclave runs in debug mode", pcr);
        case 3:
            return "PCR3 is all zero: the parent instance has no IAM role";
        case 8:
            return "PCR8 is all zero: the image is not signed, or the enclave runs in debug mode";
        default:
            return fmt::format("PCR{} is all zero: nothing has extended it", pcr);
    }
}

std::string why_absent(std::string_view key, std::optional<int> pcr, const AccessRequest& request) {
    switch (request.recipient) {
        case RecipientState::impossible:
            return fmt::format("{} carries no Recipient, so attestation keys never exist on it",
                               request.action);
        case RecipientState::none_sent:
            return "no Recipient was sent";
        case RecipientState::verified:
            break;
    }
    if (pcr)
        return fmt::format("the document has no PCR{}: only locked PCRs are in it", *pcr);
    return fmt::format("{} exists in NitroTPM documents alone, this one is an enclave's", key);
}

// The PCR of the document that has this value.
std::optional<int> pcr_with_value(std::string_view value, const RequestContext& context) {
    if (all_zero(value))
        return std::nullopt;
    for (int i = 0; i < pcr_count; ++i) {
        const auto* entry = context.find(fmt::format("{}:pcr{}", attestation_prefix, i));
        if (entry != nullptr && equals_ignoring_case(entry->values.front(), value))
            return i;
    }
    return std::nullopt;
}

std::string remark_on_pcr(int pcr, const ConditionFinding& finding, const AccessRequest& request) {
    const std::string& actual = finding.actual->front();
    if (all_zero(actual))
        return why_zero(pcr);
    for (const std::string& expected : finding.expected) {
        if (expected.starts_with("0x") || expected.starts_with("0X"))
            return "KMS writes a PCR without 0x: this value can't match";
        if (expected.find_first_of("*?") != std::string::npos)
            continue;
        if (expected.size() != pcr_hex_digits)
            return fmt::format("a PCR is {} hexadecimal digits, this value has {}", pcr_hex_digits,
                               expected.size());
        if (all_zero(expected))
            return "the policy expects the zeros of a debug enclave, and this enclave is not in "
                   "debug mode";
        if (const auto other = pcr_with_value(expected, request.context); other && *other != pcr)
            return fmt::format("the expected value is the document's PCR{}", *other);
    }
    return {};
}

bool is_exact(Operator comparison) {
    return comparison == Operator::string_equals || comparison == Operator::string_not_equals;
}

bool is_like(Operator comparison) {
    switch (comparison) {
        case Operator::string_like:
        case Operator::string_not_like:
        case Operator::arn_equals:
        case Operator::arn_not_equals:
        case Operator::arn_like:
        case Operator::arn_not_like:
            return true;
        default:
            return false;
    }
}

}  // namespace

std::string remark_on_unknown(std::string_view key, Effect effect) {
    return fmt::format(
        "{} is not emulated: {}; so this {}. To decide by a value, give it under context in the "
        "scene, or null where AWS leaves it out",
        key, find_condition_key(key)->rule,
        effect == Effect::deny ? "Deny applies" : "Allow does not apply");
}

bool is_attestation_key(std::string_view key) {
    return pcr_of(to_lower(key)).has_value();
}

std::string remark_on(const ConditionFinding& finding, const ConditionOperator& op,
                      const AccessRequest& request) {
    const std::string key = to_lower(finding.key);
    const auto pcr = pcr_of(key);
    if (!finding.actual) {
        if (key == attestation_prefix)
            return fmt::format(
                "{0} alone is not a condition key: write {0}:ImageSha384 or {0}:PCR0", finding.key);
        if (pcr || key.starts_with("kms:recipientattestation:nitrotpmpcr"))
            return why_absent(finding.key, pcr, request);
        const ConditionKey* known = find_condition_key(key);
        if (known == nullptr)
            return fmt::format("neither IAM nor KMS has a condition key {}: AWS never sets it",
                               finding.key);
        if (key.starts_with("kms:encryptioncontext:"))
            return "the request's encryption context has no such name";
        return known->availability == Availability::absent
                   ? fmt::format("no request here has {}: {}", finding.key, known->rule)
                   : std::string(known->rule);
    }
    if (finding.met != is_negated(op.comparison))
        return {};  // the values agree as they should, or differ as they should
    if (is_exact(op.comparison))
        for (const std::string& expected : finding.expected)
            for (const std::string& actual : *finding.actual)
                if (equals_ignoring_case(expected, actual) && expected != actual)
                    return fmt::format("it differs in case alone: {} compares exactly; use {}",
                                       finding.operator_name,
                                       op.comparison == Operator::string_equals
                                           ? "StringEqualsIgnoreCase"
                                           : "StringNotEqualsIgnoreCase");
    if (pcr && op.comparison != Operator::null)
        if (auto remark = remark_on_pcr(*pcr, finding, request); !remark.empty())
            return remark;
    for (const std::string& expected : finding.expected)
        if (!is_readable(op.comparison, expected))
            return fmt::format("{} cannot read the value \"{}\", so it never matches",
                               finding.operator_name, expected);
    if (!is_like(op.comparison) && op.comparison != Operator::null)
        for (const std::string& expected : finding.expected)
            if (expected.find_first_of("*?") != std::string::npos)
                return fmt::format("* and ? are not wildcards with {}: use StringLike",
                                   finding.operator_name);
    return {};
}

}  // namespace glovebox::kms::policy
