#include "sim/eif/format/signature_section.h"

#include <fmt/core.h>

#include <optional>

#include "sim/eif/base/error.h"
#include "sim/eif/format/cbor.h"
#include "sim/eif/format/certificate.h"

namespace glovebox::eif {
namespace {

constexpr std::uint64_t cose_sign1_tag = 18;
constexpr std::int64_t alg_label = 1;

Error bad(std::string sentence) {
    return Error(EifError::bad_signature, std::move(sentence));
}

Result<CoseAlgorithm> algorithm_in(BytesView protected_header) {
    CborReader reader(protected_header);
    auto pairs = reader.map();
    if (!pairs)
        return pairs.error();
    std::optional<std::int64_t> algorithm;
    while (reader.more(*pairs)) {
        // Labels are integers or texts (RFC 9052, 1.4); only 1, the algorithm, matters here.
        CborReader ahead = reader;
        const auto label = ahead.integer();
        if (label && *label == alg_label) {
            reader = ahead;
            const auto value = reader.integer();
            if (!value)
                return value.error();
            algorithm = *value;
            continue;
        }
        for (int part = 0; part < 2; ++part)
            if (const auto skipped = reader.skip(); !skipped)
                return skipped.error();
    }
    if (!algorithm)
        return bad("the protected header names no algorithm (label 1)");
    switch (const auto value = static_cast<CoseAlgorithm>(*algorithm)) {
        case CoseAlgorithm::es256:
        case CoseAlgorithm::es384:
        case CoseAlgorithm::es512:
            return value;
    }
    return bad(fmt::format("algorithm {}: ES256 (-7), ES384 (-35) or ES512 (-36) was expected",
                           *algorithm));
}

}  // namespace

Bytes encode_protected_header(CoseAlgorithm algorithm) {
    CborWriter writer;
    writer.map(1);
    writer.integer(alg_label);
    writer.integer(static_cast<std::int64_t>(algorithm));
    return writer.take();
}

Bytes encode_pcr0_payload(const Pcr& pcr0) {
    CborWriter writer;
    writer.map(2);
    writer.text("register_index");
    writer.integer(0);
    writer.text("register_value");
    writer.integer_array(pcr0);
    return writer.take();
}

Bytes CoseSign1::encode() const {
    CborWriter writer;
    writer.array(4);
    writer.bytes(protected_header);
    writer.map(0);
    writer.bytes(payload);
    writer.bytes(signature);
    return writer.take();
}

Bytes CoseSign1::to_be_signed() const {
    CborWriter writer;
    writer.array(4);
    writer.text("Signature1");
    writer.bytes(protected_header);
    writer.bytes({});
    writer.bytes(payload);
    return writer.take();
}

Result<CoseSign1> CoseSign1::decode(BytesView cbor) {
    CborReader reader(cbor);
    if (const auto tag = reader.tag(); tag && *tag != cose_sign1_tag)
        return bad(fmt::format("COSE_Sign1: tag {} where 18 or none was expected", *tag));
    auto items = reader.array();
    if (!items)
        return Error(items.error()).in("COSE_Sign1");
    if (*items && **items != 4)
        return bad(fmt::format("COSE_Sign1: an array of {} where 4 were expected", **items));
    CoseSign1 cose;
    for (Bytes* part :
         {&cose.protected_header, static_cast<Bytes*>(nullptr), &cose.payload, &cose.signature}) {
        if (part == nullptr) {
            if (const auto unprotected = reader.skip(); !unprotected)
                return Error(unprotected.error()).in("COSE_Sign1 unprotected header");
            continue;
        }
        auto bytes = reader.bytes();
        if (!bytes)
            return Error(bytes.error()).in("COSE_Sign1");
        *part = std::move(*bytes);
    }
    if (!*items && !reader.at_break())
        return bad("COSE_Sign1: an array of more than 4");
    const auto algorithm = algorithm_in(cose.protected_header);
    if (!algorithm)
        return Error(algorithm.error()).in("COSE_Sign1 protected header");
    cose.algorithm = *algorithm;
    return cose;
}

Bytes SignatureSection::encode() const {
    CborWriter writer;
    writer.array(1);
    writer.map(2);
    writer.text("signing_certificate");
    writer.integer_array(certificate_pem);
    writer.text("signature");
    writer.integer_array(cose.encode());
    return writer.take();
}

Result<SignatureSection> SignatureSection::decode(BytesView cbor) {
    const auto in_section = [](const Error& error) { return Error(error).in("signature section"); };
    CborReader reader(cbor);
    const auto elements = reader.array();
    if (!elements)
        return in_section(elements.error());
    auto remaining = *elements;
    if (!reader.more(remaining))
        return bad("signature section: an empty array where one signature was expected");
    auto pairs = reader.map();
    if (!pairs)
        return in_section(pairs.error());
    std::optional<Bytes> certificate;
    std::optional<Bytes> signature;
    while (reader.more(*pairs)) {
        const auto key = reader.text();
        if (!key)
            return in_section(key.error());
        std::optional<Bytes>* const target = *key == "signing_certificate" ? &certificate
                                             : *key == "signature"         ? &signature
                                                                           : nullptr;
        if (target == nullptr) {
            if (const auto skipped = reader.skip(); !skipped)
                return in_section(skipped.error());
            continue;
        }
        auto bytes = reader.integer_array();
        if (!bytes)
            return Error(bytes.error()).in("signature section, " + *key);
        *target = std::move(*bytes);
    }
    if (!certificate || !signature)
        return bad(std::string("signature section: no \"") +
                   (certificate ? "signature" : "signing_certificate") + "\" in its map");
    auto cose = CoseSign1::decode(*signature);
    if (!cose)
        return in_section(cose.error());
    return SignatureSection{.certificate_pem = std::move(*certificate), .cose = std::move(*cose)};
}

Result<Pcr> signing_pcr(BytesView certificate_pem) {
    const auto certificate = Certificate::from_pem(certificate_pem);
    if (!certificate)
        return certificate.error();
    return pcr_of_hash(Hash::of(Hash::Algorithm::sha384, certificate->der()));
}

}  // namespace glovebox::eif
