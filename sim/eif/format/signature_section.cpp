// SPDX-License-Identifier: Apache-2.0

#include "sim/eif/format/signature_section.h"

#include <fmt/core.h>

#include <optional>

#include "core/cbor/decode.h"
#include "core/cbor/encoder.h"
#include "sim/eif/base/error.h"
#include "sim/eif/format/certificate.h"

namespace glovebox::eif {
namespace {

// serde_cbor, AWS's reader, has the same limit of depth. There is one item for each byte of the
// certificate and the signature; the hypervisor accepts at most 32 KiB of section.
constexpr cbor::Limits limits{.depth_max = 128, .items_max = 200'000};

Error bad_signature(std::string sentence) {
    return Error(EifError::bad_signature, "signature section: " + std::move(sentence));
}

Error wrong_type(const std::string& expected, const cbor::Value& found) {
    return bad_signature(fmt::format("{} was expected, found {}", expected, found.type_name()));
}

// A vector of bytes as serde writes it: an array of integers.
Result<Bytes> byte_vector(const std::string& name, const cbor::Value& value) {
    const auto* items = value.as<cbor::Array>();
    if (items == nullptr)
        return wrong_type(name + ": an array", value);
    Bytes bytes;
    bytes.reserve(items->size());
    for (const cbor::Value& item : *items) {
        const auto* byte = item.as<std::uint64_t>();
        if (byte == nullptr || *byte > 255)
            return bad_signature(name + ": an integer from 0 to 255 was expected");
        bytes.push_back(static_cast<std::uint8_t>(*byte));
    }
    return bytes;
}

struct Element {
    Bytes certificate_pem;
    Bytes cose_sign1;
};

Result<Element> decode_element(const cbor::Value& element) {
    const auto* pairs = element.as<cbor::Map>();
    if (pairs == nullptr)
        return wrong_type("a map", element);
    std::optional<Bytes> certificate;
    std::optional<Bytes> signature;
    for (const cbor::Entry& entry : *pairs) {
        const auto* key = entry.key.as<std::string>();
        if (key == nullptr)
            return wrong_type("a text as key", entry.key);
        std::optional<Bytes>* const target = *key == "signing_certificate" ? &certificate
                                             : *key == "signature"         ? &signature
                                                                           : nullptr;
        if (target == nullptr)
            continue;
        if (*target)
            return bad_signature(fmt::format("\"{}\" stands twice in its map", *key));
        auto bytes = byte_vector(*key, entry.value);
        if (!bytes)
            return bytes.error();
        *target = std::move(*bytes);
    }
    if (!certificate || !signature)
        return bad_signature(std::string("no \"") +
                             (certificate ? "signature" : "signing_certificate") + "\" in its map");
    return Element{std::move(*certificate), std::move(*signature)};
}

}  // namespace

Bytes SignatureSection::encode() const {
    cbor::Encoder encoder;
    encoder.array(1).map(2);
    encoder.text("signing_certificate").integer_array(certificate_pem);
    encoder.text("signature").integer_array(cose.encode());
    return encoder.take();
}

Result<SignatureSection> SignatureSection::decode(BytesView cbor) {
    const auto decoded = cbor::decode(cbor, limits);
    if (!decoded)
        return bad_signature(decoded.error().message);
    if (decoded->consumed != cbor.size())
        return bad_signature(
            fmt::format("{} bytes follow its array", cbor.size() - decoded->consumed));
    const auto* elements = decoded->value.as<cbor::Array>();
    if (elements == nullptr)
        return wrong_type("an array", decoded->value);
    if (elements->empty())
        return bad_signature("an empty array where one signature was expected");
    // The first one counts; AWS's reader wants the members of each.
    std::optional<Element> first;
    for (const cbor::Value& value : *elements) {
        auto element = decode_element(value);
        if (!element)
            return element.error();
        if (!first)
            first = std::move(*element);
    }
    auto cose = CoseSign1::decode(first->cose_sign1);
    if (!cose)
        return Error(cose.error()).in("signature section");
    return SignatureSection{.certificate_pem = std::move(first->certificate_pem),
                            .cose = std::move(*cose)};
}

Result<Pcr> signing_pcr(BytesView certificate_pem) {
    const auto certificate = Certificate::from_pem(certificate_pem);
    if (!certificate)
        return certificate.error();
    return extended(Pcr{}, sha384({certificate->der()}));
}

}  // namespace glovebox::eif
