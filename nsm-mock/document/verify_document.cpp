// SPDX-License-Identifier: Apache-2.0

#include "nsm-mock/document/verify_document.h"

#include <fmt/core.h>

#include <algorithm>

#include "nsm-mock/document/certificate_chain.h"
#include "nsm-mock/document/cose_sign1.h"

namespace glovebox::nsm {
namespace {

// A field's bytes, short enough for a sentence.
std::string shown(const std::optional<Bytes>& value) {
    static constexpr std::size_t bytes_max = 32;
    if (!value)
        return "absent";
    if (value->empty())
        return "empty";
    if (value->size() <= bytes_max)
        return to_hex(*value);
    return fmt::format("{}... ({} bytes)", to_hex(BytesView(*value).first(bytes_max)),
                       value->size());
}

// For a policy that demands a measured enclave: the error for a document that is not of debug mode
// as a whole, but lacks the measurement `unmeasured`.
Error unmeasured_error(const AttestationDocument& document, PcrIndex unmeasured) {
    if (!document.pcrs.contains(unmeasured))
        return Error(DocumentError::pcr_absent,
                     fmt::format("PCR{} is not in the document: whether the enclave ran in debug "
                                 "mode can't be told without PCR0, PCR1 and PCR2",
                                 unmeasured));
    return Error(DocumentError::debug_document,
                 fmt::format("PCR{} is zero: outside of debug mode PCR0, PCR1 and PCR2 hold "
                             "measurements, which are never zero",
                             unmeasured));
}

Result<void> check_debug(const AttestationDocument& document, const Policy& policy) {
    if (!document.is_debug()) {
        const auto unmeasured = document.unmeasured_pcr();
        if (policy.refuse_debug && unmeasured)
            return unmeasured_error(document, *unmeasured);
        return {};
    }
    for (const PcrIndex index : {0, 1, 2}) {
        const auto expected = policy.pcrs.find(index);
        if (expected != policy.pcrs.end() && !is_zero(expected->second))
            return Error(DocumentError::debug_document,
                         fmt::format("PCR0, PCR1 and PCR2 are zero: the enclave ran in debug mode, "
                                     "where it is not measured; PCR{} {} was expected",
                                     index, to_hex(expected->second)));
    }
    if (policy.refuse_debug)
        return Error(DocumentError::debug_document,
                     "PCR0, PCR1 and PCR2 are zero: the enclave ran in debug mode, and debug "
                     "documents are not accepted here");
    return {};
}

Result<void> check_pcrs(const AttestationDocument& document, const Policy& policy) {
    for (const auto& [index, expected] : policy.pcrs) {
        const auto actual = document.pcrs.find(index);
        if (actual == document.pcrs.end())
            return Error(DocumentError::pcr_absent,
                         fmt::format("PCR{} is not in the document, which holds locked PCRs alone; "
                                     "{} was expected",
                                     index, to_hex(expected)));
        if (actual->second != expected)
            return Error(DocumentError::pcr_mismatch,
                         fmt::format("PCR{} is {}, {} was expected", index, to_hex(actual->second),
                                     to_hex(expected)));
    }
    return {};
}

Result<void> check_field(DocumentError refusal, std::string_view name,
                         const std::optional<Bytes>& actual, const std::optional<Bytes>& expected) {
    if (!expected || actual == expected)
        return {};
    return Error(refusal,
                 fmt::format("{} is {}, {} was expected", name, shown(actual), shown(expected)));
}

Result<void> check_age(const AttestationDocument& document, const Policy& policy, TimePoint now) {
    if (!policy.max_age)
        return {};
    const auto age = now - document.timestamp;
    if (age > *policy.max_age)
        return Error(
            DocumentError::too_old,
            fmt::format("the document was made {} ago, at {}: {} at the most were expected",
                        format_duration(age), format_time(document.timestamp),
                        format_duration(*policy.max_age)));
    if (age < -*policy.max_age)
        return Error(DocumentError::too_old,
                     fmt::format("the document's time is {} ahead, {}: the clocks differ by more "
                                 "than {}",
                                 format_duration(age), format_time(document.timestamp),
                                 format_duration(*policy.max_age)));
    return {};
}

Result<void> check_policy(const AttestationDocument& document, const Policy& policy,
                          TimePoint now) {
    if (auto checked = check_debug(document, policy); !checked)
        return checked;
    if (auto checked = check_pcrs(document, policy); !checked)
        return checked;
    if (auto checked =
            check_field(DocumentError::nonce_mismatch, "nonce", document.nonce, policy.nonce);
        !checked)
        return checked;
    if (auto checked = check_field(DocumentError::user_data_mismatch, "user_data",
                                   document.user_data, policy.user_data);
        !checked)
        return checked;
    if (auto checked = check_field(DocumentError::public_key_mismatch, "public_key",
                                   document.public_key, policy.public_key);
        !checked)
        return checked;
    return check_age(document, policy, now);
}

}  // namespace

Result<VerifiedDocument> verify_document(BytesView bytes, const TrustRoot& root, TimePoint now,
                                         const Policy& policy, KnownChains* known) {
    const auto sign1 = CoseSign1::decode(bytes);
    if (!sign1)
        return sign1.error();
    std::vector<std::string> warnings;
    auto document = decode_payload(sign1->payload, policy.limits, warnings);
    if (!document)
        return document.error();
    auto chain = verify_chain(*document, root, now, known);
    if (!chain)
        return chain.error();
    if (!sign1->verify(chain->back().public_key()))
        return Error(DocumentError::bad_signature,
                     "the document's signature is not the one of its leaf certificate's key: the "
                     "document was changed after it was signed, or signed with another key");
    if (const auto checked = check_policy(*document, policy, now); !checked)
        return checked.error();
    if (document->is_debug())
        warnings.emplace_back(
            "PCR0, PCR1 and PCR2 are zero: the enclave ran in debug mode and was not measured");
    else if (const auto unmeasured = document->unmeasured_pcr())
        warnings.push_back(
            fmt::format("PCR{} is {}: the document does not say what the enclave ran", *unmeasured,
                        document->pcrs.contains(*unmeasured) ? "zero" : "absent"));
    return VerifiedDocument(std::move(*document), root, now, std::move(*chain),
                            std::move(warnings));
}

}  // namespace glovebox::nsm
