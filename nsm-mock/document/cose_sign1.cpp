// SPDX-License-Identifier: Apache-2.0

#include "nsm-mock/document/cose_sign1.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "core/cbor/decode.h"
#include "core/cbor/encoder.h"
#include "nsm-mock/document/document_error.h"

namespace glovebox::nsm {
namespace {

constexpr std::array<std::uint8_t, 4> protected_header{0xa1, 0x01, 0x38, 0x22};  // {1: -35}

// The envelope around the payload: array head, headers, two string heads, signature.
constexpr std::size_t envelope_bytes = 1 + 5 + 1 + 3 + 2 + 96;
constexpr std::size_t document_bytes_max = payload_bytes_max + envelope_bytes;

bool equal(BytesView a, BytesView b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

}  // namespace

Bytes CoseSign1::to_be_signed(BytesView payload) {
    cbor::Encoder encoder;
    encoder.array(4).text("Signature1").bytes(protected_header).bytes({}).bytes(payload);
    return encoder.take();
}

CoseSign1 CoseSign1::sign(Bytes payload, const SigningKey& key) {
    const Es384Signature signature = key.sign(to_be_signed(payload));
    return {std::move(payload), signature};
}

bool CoseSign1::verify(EVP_PKEY* key) const {
    return verify_es384(key, to_be_signed(payload), signature);
}

Bytes CoseSign1::encode() const {
    cbor::Encoder encoder;
    encoder.array(4).bytes(protected_header).map(0).bytes(payload).bytes(signature);
    return encoder.take();
}

Result<CoseSign1> CoseSign1::decode(BytesView document) {
    if (document.size() > document_bytes_max)
        return Error(DocumentError::document_too_large,
                     fmt::format("the document has {} bytes, {} at the most were expected",
                                 document.size(), document_bytes_max));
    const auto decoded = cbor::decode(document);
    if (!decoded)
        return Error(DocumentError::malformed_cbor, "the document is " + decoded.error().message);
    if (const auto* tag = decoded->value.as<cbor::Tagged>())
        return Error(DocumentError::tagged,
                     fmt::format("the document has the CBOR tag {}: Nitro's have none", tag->tag));
    const auto* parts = decoded->value.as<cbor::Array>();
    if (parts == nullptr || parts->size() != 4)
        return Error(
            DocumentError::wrong_envelope,
            parts == nullptr
                ? fmt::format("the document is a {}, a COSE_Sign1 (an array of 4) was "
                              "expected",
                              decoded->value.type_name())
                : fmt::format("the document is an array of {}, a COSE_Sign1 has 4", parts->size()));
    const auto* header = (*parts)[0].as<Bytes>();
    if (header == nullptr)
        return Error(DocumentError::wrong_envelope,
                     fmt::format("the protected header is a {}, a byte string was expected",
                                 (*parts)[0].type_name()));
    if (!equal(*header, protected_header))
        return Error(
            DocumentError::wrong_algorithm,
            fmt::format("the protected header is {}, {} (ES384) was expected",
                        to_hex(BytesView(*header).first(std::min<std::size_t>(header->size(), 32))),
                        to_hex(protected_header)));
    const auto* unprotected = (*parts)[1].as<cbor::Map>();
    if (unprotected == nullptr)
        return Error(DocumentError::wrong_envelope,
                     fmt::format("the unprotected header is a {}, a map was expected",
                                 (*parts)[1].type_name()));
    if (!unprotected->empty())
        return Error(
            DocumentError::unprotected_header,
            fmt::format("the unprotected header, which nobody signed, has {} entries: none "
                        "was expected",
                        unprotected->size()));
    const auto* payload = (*parts)[2].as<Bytes>();
    const auto* signature = (*parts)[3].as<Bytes>();
    if (payload == nullptr || signature == nullptr)
        return Error(DocumentError::wrong_envelope,
                     fmt::format("payload and signature are a {} and a {}, byte strings were "
                                 "expected",
                                 (*parts)[2].type_name(), (*parts)[3].type_name()));
    CoseSign1 sign1{*payload, {}};
    if (payload->empty() || signature->size() != sign1.signature.size())
        return Error(DocumentError::wrong_envelope,
                     fmt::format("payload and signature have {} and {} bytes, 1 to {} and {} were "
                                 "expected",
                                 payload->size(), signature->size(), payload_bytes_max,
                                 sign1.signature.size()));
    std::copy(signature->begin(), signature->end(), sign1.signature.begin());
    if (decoded->consumed != document.size())
        return Error(
            DocumentError::trailing_bytes,
            fmt::format("{} bytes follow the document", document.size() - decoded->consumed));
    if (!equal(sign1.encode(), document))
        return Error(DocumentError::not_canonical,
                     "the document's envelope is not encoded as Nitro does: definite lengths in "
                     "their shortest form were expected");
    return sign1;
}

}  // namespace glovebox::nsm
