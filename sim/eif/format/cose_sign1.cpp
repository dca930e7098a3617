// SPDX-License-Identifier: Apache-2.0

#include "sim/eif/format/cose_sign1.h"

#include <fmt/core.h>

#include <string>
#include <utility>

#include "core/cbor/decode.h"
#include "core/cbor/encoder.h"
#include "sim/eif/base/error.h"

namespace glovebox::eif {
namespace {

constexpr std::uint64_t cose_sign1_tag = 18;
constexpr std::uint64_t alg_label = 1;

Error bad(std::string sentence) {
    return Error(EifError::bad_signature, "COSE_Sign1: " + std::move(sentence));
}

std::string text_of(const cbor::Value& algorithm) {
    if (const auto* number = algorithm.as<std::uint64_t>())
        return std::to_string(*number);
    if (const auto* number = algorithm.as<cbor::Negative>(); number && number->n + 1 != 0)
        return fmt::format("-{}", number->n + 1);
    return std::string(algorithm.type_name());
}

Result<CoseAlgorithm> algorithm_in(BytesView protected_header) {
    const auto decoded = cbor::decode(protected_header);
    if (!decoded)
        return bad("protected header: " + decoded.error().message);
    const auto* header = decoded->value.as<cbor::Map>();
    if (header == nullptr)
        return bad(fmt::format("the protected header: a map was expected, found {}",
                               decoded->value.type_name()));
    if (decoded->consumed != protected_header.size())
        return bad("something follows the protected header's map");
    // Labels are integers or texts (RFC 9052, 1.4); only 1, the algorithm, matters here.
    const cbor::Value* algorithm = nullptr;
    for (const cbor::Entry& entry : *header) {
        const auto* label = entry.key.as<std::uint64_t>();
        if (label == nullptr || *label != alg_label)
            continue;
        if (algorithm != nullptr)
            return bad("the protected header names two algorithms");
        algorithm = &entry.value;
    }
    if (algorithm == nullptr)
        return bad("the protected header names no algorithm (label 1)");
    if (const auto* negative = algorithm->as<cbor::Negative>())
        for (const auto known : {CoseAlgorithm::es256, CoseAlgorithm::es384, CoseAlgorithm::es512})
            if (negative->n == static_cast<std::uint64_t>(-1 - static_cast<std::int64_t>(known)))
                return known;
    return bad(fmt::format("algorithm {}: ES256 (-7), ES384 (-35) or ES512 (-36) was expected",
                           text_of(*algorithm)));
}

}  // namespace

Bytes encode_protected_header(CoseAlgorithm algorithm) {
    cbor::Encoder encoder;
    encoder.map(1).unsigned_integer(alg_label).integer(static_cast<std::int64_t>(algorithm));
    return encoder.take();
}

Bytes encode_pcr0_payload(const Pcr& pcr0) {
    cbor::Encoder encoder;
    encoder.map(2).text("register_index").unsigned_integer(0);
    encoder.text("register_value").integer_array(pcr0);
    return encoder.take();
}

Bytes CoseSign1::encode() const {
    cbor::Encoder encoder;
    encoder.array(4).bytes(protected_header).map(0).bytes(payload).bytes(signature);
    return encoder.take();
}

Bytes CoseSign1::to_be_signed() const {
    cbor::Encoder encoder;
    encoder.array(4).text("Signature1").bytes(protected_header).bytes({}).bytes(payload);
    return encoder.take();
}

Result<CoseSign1> CoseSign1::decode(BytesView cbor) {
    const auto decoded = cbor::decode(cbor);
    if (!decoded)
        return bad(decoded.error().message);
    if (decoded->consumed != cbor.size())
        return bad(fmt::format("{} bytes follow it", cbor.size() - decoded->consumed));
    const cbor::Value* value = &decoded->value;
    if (const auto* tagged = value->as<cbor::Tagged>()) {
        if (tagged->tag != cose_sign1_tag)
            return bad(fmt::format("tag {} where 18 or none was expected", tagged->tag));
        value = tagged->content.get();
    }
    const auto* items = value->as<cbor::Array>();
    if (items == nullptr)
        return bad(fmt::format("an array was expected, found {}", value->type_name()));
    if (items->size() != 4)
        return bad(fmt::format("an array of {} where 4 were expected", items->size()));
    if (const cbor::Value& unprotected = (*items)[1]; unprotected.as<cbor::Map>() == nullptr)
        return bad(fmt::format("a map was expected as item 1, found {}", unprotected.type_name()));
    CoseSign1 cose;
    for (const auto& [index, part] : {std::pair(0, &cose.protected_header),
                                      std::pair(2, &cose.payload), std::pair(3, &cose.signature)}) {
        const cbor::Value& item = (*items)[static_cast<std::size_t>(index)];
        const auto* bytes = item.as<Bytes>();
        if (bytes == nullptr)
            return bad(fmt::format("a byte string was expected as item {}, found {}", index,
                                   item.type_name()));
        *part = *bytes;
    }
    const auto algorithm = algorithm_in(cose.protected_header);
    if (!algorithm)
        return algorithm.error();
    cose.algorithm = *algorithm;
    return cose;
}

}  // namespace glovebox::eif
