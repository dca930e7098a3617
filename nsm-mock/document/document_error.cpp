// SPDX-License-Identifier: Apache-2.0

#include "nsm-mock/document/document_error.h"

#include <array>
#include <stdexcept>
#include <string>

namespace glovebox::nsm {
namespace {

struct Row {
    DocumentError error;
    Check check;
    std::string_view name;
    const char* sentence;
};

constexpr std::array rows{
    Row{DocumentError::document_too_large, Check::syntax, "document_too_large",
        "larger than any attestation document"},
    Row{DocumentError::malformed_cbor, Check::syntax, "malformed_cbor", "not well-formed CBOR"},
    Row{DocumentError::tagged, Check::syntax, "tagged", "tagged, Nitro's documents are not"},
    Row{DocumentError::wrong_envelope, Check::syntax, "wrong_envelope", "not a COSE_Sign1"},
    Row{DocumentError::wrong_algorithm, Check::syntax, "wrong_algorithm", "not signed with ES384"},
    Row{DocumentError::unprotected_header, Check::syntax, "unprotected_header",
        "an unprotected header that is not empty"},
    Row{DocumentError::not_canonical, Check::syntax, "not_canonical",
        "an envelope that is not encoded in the shortest form"},
    Row{DocumentError::trailing_bytes, Check::syntax, "trailing_bytes", "bytes after the document"},
    Row{DocumentError::malformed_payload, Check::fields, "malformed_payload",
        "the payload is not one CBOR map"},
    Row{DocumentError::missing_field, Check::fields, "missing_field", "a field is missing"},
    Row{DocumentError::duplicate_field, Check::fields, "duplicate_field", "a field is there twice"},
    Row{DocumentError::wrong_type, Check::fields, "wrong_type", "a field has the wrong type"},
    Row{DocumentError::wrong_value, Check::fields, "wrong_value",
        "a field has a value that is not allowed"},
    Row{DocumentError::field_too_long, Check::fields, "field_too_long", "a field is too long"},
    Row{DocumentError::malformed_certificate, Check::chain, "malformed_certificate",
        "a certificate can't be read"},
    Row{DocumentError::wrong_key_type, Check::chain, "wrong_key_type",
        "a certificate is not P-384 with SHA-384"},
    Row{DocumentError::untrusted_root, Check::chain, "untrusted_root",
        "the chain ends in another root"},
    Row{DocumentError::broken_chain, Check::chain, "broken_chain",
        "a certificate was not issued by the one above it"},
    Row{DocumentError::wrong_certificate_usage, Check::chain, "wrong_certificate_usage",
        "a certificate is used for what it may not be"},
    Row{DocumentError::certificate_not_yet_valid, Check::chain, "certificate_not_yet_valid",
        "a certificate is not valid yet"},
    Row{DocumentError::certificate_expired, Check::chain, "certificate_expired",
        "a certificate has expired"},
    Row{DocumentError::bad_signature, Check::signature, "bad_signature",
        "the signature is not the leaf's over this document"},
    Row{DocumentError::debug_document, Check::policy, "debug_document", "made in debug mode"},
    Row{DocumentError::pcr_mismatch, Check::policy, "pcr_mismatch",
        "a PCR is not the one that was expected"},
    Row{DocumentError::pcr_absent, Check::policy, "pcr_absent",
        "a PCR that was expected is not in the document"},
    Row{DocumentError::nonce_mismatch, Check::policy, "nonce_mismatch",
        "the nonce is not the one that was expected"},
    Row{DocumentError::user_data_mismatch, Check::policy, "user_data_mismatch",
        "the user data is not what was expected"},
    Row{DocumentError::public_key_mismatch, Check::policy, "public_key_mismatch",
        "the public key is not the one that was expected"},
    Row{DocumentError::too_old, Check::policy, "too_old", "not made recently enough"},
};

const Row& row_of(DocumentError error) {
    for (const Row& row : rows)
        if (row.error == error)
            return row;
    throw std::logic_error("document error: a code without a row");
}

// Boost's category is never deleted, and has no virtual destructor for that reason.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"
class Category final : public boost::system::error_category {
  public:
    [[nodiscard]] const char* name() const noexcept override { return "attestation"; }
    [[nodiscard]] std::string message(int value) const override {
        return row_of(static_cast<DocumentError>(value)).sentence;
    }
};
#pragma GCC diagnostic pop

}  // namespace

std::string_view name_of(DocumentError error) {
    return row_of(error).name;
}

Check check_of(DocumentError error) {
    return row_of(error).check;
}

std::string_view name_of(Check check) {
    static constexpr std::array<std::string_view, 5> names{"syntax", "fields", "chain", "signature",
                                                           "policy"};
    return names[static_cast<std::size_t>(check)];
}

const boost::system::error_category& document_category() {
    static const Category category;
    return category;
}

boost::system::error_code make_error_code(DocumentError error) {
    return {static_cast<int>(error), document_category()};
}

}  // namespace glovebox::nsm
