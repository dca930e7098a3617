// SPDX-License-Identifier: Apache-2.0

// Why verify_document refuses an attestation document.
//
// Each code belongs to one check, and has a stable name for programs ("certificate_expired"). The
// Error that carries the code has a sentence with the particulars.
#pragma once

#include <boost/system/error_code.hpp>
#include <string_view>

namespace glovebox::nsm {

// The checks, in the order in which they are made. The first that fails is the result.
enum class Check { syntax, fields, chain, signature, policy };

// Grouped by check. Within a check, the order here is not the order of the tests.
enum class DocumentError {
    // syntax: the COSE_Sign1 envelope, one exact spelling
    document_too_large = 1,
    malformed_cbor,      // truncated, or not CBOR
    tagged,              // a CBOR tag, such as COSE's 18, which Nitro does not write
    wrong_envelope,      // not an array of four with the right types
    wrong_algorithm,     // the protected header is not exactly {1: -35}
    unprotected_header,  // not empty
    not_canonical,       // another encoding of the same envelope
    trailing_bytes,
    // fields: the payload
    malformed_payload,
    missing_field,
    duplicate_field,
    wrong_type,
    wrong_value,
    field_too_long,
    // chain, at the time of verification
    malformed_certificate,
    wrong_key_type,           // not P-384 with ecdsa-with-SHA384
    untrusted_root,           // the first of cabundle is not the trusted root, byte for byte
    broken_chain,             // issuer, signature or order
    wrong_certificate_usage,  // basic constraints, path length or key usage
    certificate_not_yet_valid,
    certificate_expired,
    // signature: the leaf's over the document
    bad_signature,
    // policy: what the caller asked for
    debug_document,
    pcr_mismatch,
    pcr_absent,
    nonce_mismatch,
    user_data_mismatch,
    public_key_mismatch,
    too_old,  // older than max_age, or as far in the future
};

// The stable name: "certificate_expired". The text is static.
[[nodiscard]] std::string_view name_of(DocumentError error);
[[nodiscard]] Check check_of(DocumentError error);
// "chain". The text is static.
[[nodiscard]] std::string_view name_of(Check check);

[[nodiscard]] const boost::system::error_category& document_category();
[[nodiscard]] boost::system::error_code make_error_code(DocumentError error);

}  // namespace glovebox::nsm

template <>
struct boost::system::is_error_code_enum<glovebox::nsm::DocumentError> : std::true_type {};
