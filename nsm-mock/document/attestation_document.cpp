// SPDX-License-Identifier: Apache-2.0

#include "nsm-mock/document/attestation_document.h"

#include <fmt/core.h>

#include <algorithm>

#include "core/base/printable.h"
#include "core/cbor/decode.h"
#include "core/cbor/encoder.h"
#include "nsm-mock/document/document_error.h"

namespace glovebox::nsm {
namespace {

// attestation_process.md, section 2.2: cert = bytes .size (1..1024).
constexpr std::size_t certificate_bytes_max = 1024;
// Real bundles have four. The limit bounds the work of a verifier.
constexpr std::size_t cabundle_max = 8;
// The end of the year 9999, after which a time cannot be written in the usual form.
constexpr std::uint64_t timestamp_max = 253'402'300'799'999;

void put_optional(cbor::Encoder& encoder, std::string_view name,
                  const std::optional<Bytes>& value) {
    encoder.text(name);
    if (value)
        encoder.bytes(*value);
    else
        encoder.null();
}

class PayloadReader {
  public:
    PayloadReader(const cbor::Map& map, FieldLimits limits, std::vector<std::string>& warnings)
        : map_(map), limits_(limits), warnings_(warnings) {}

    Result<AttestationDocument> read() {
        check_names();
        read_module_id();
        read_digest();
        read_timestamp();
        read_pcrs();
        read_certificate();
        read_cabundle();
        read_optional("public_key", document_.public_key, strict_public_key_max);
        check_public_key_is_not_empty();
        read_optional("user_data", document_.user_data, strict_user_data_max);
        read_optional("nonce", document_.nonce, strict_nonce_max);
        if (failure_)
            return std::move(*failure_);
        return std::move(document_);
    }

  private:
    void fail(DocumentError refusal, std::string message) {
        if (!failure_)
            failure_ = Error(refusal, std::move(message));
    }

    void check_names() {
        static constexpr std::array<std::string_view, 9> known{
            "module_id", "digest",     "timestamp", "pcrs", "certificate",
            "cabundle",  "public_key", "user_data", "nonce"};
        std::vector<std::string_view> seen;
        for (const cbor::Entry& entry : map_) {
            const auto* name = entry.key.as<std::string>();
            if (name == nullptr)
                return fail(DocumentError::wrong_type,
                            fmt::format("a field's name is a {}, a text was expected",
                                        entry.key.type_name()));
            if (std::find(seen.begin(), seen.end(), *name) != seen.end())
                return fail(DocumentError::duplicate_field,
                            fmt::format("the field {} is there twice", shown(*name)));
            seen.push_back(*name);
            if (std::find(known.begin(), known.end(), *name) == known.end())
                warnings_.push_back(
                    fmt::format("the field {} is not one of the nine that are known, and was not "
                                "looked at",
                                shown(*name)));
        }
    }

    const cbor::Value* find(std::string_view name) {
        for (const cbor::Entry& entry : map_)
            if (*entry.key.as<std::string>() == name)
                return &entry.value;
        return nullptr;
    }

    // The field's value, or null after fail().
    template <class T>
    const T* need(std::string_view name, std::string_view expected) {
        if (failure_)
            return nullptr;
        const cbor::Value* value = find(name);
        if (value == nullptr) {
            fail(DocumentError::missing_field, fmt::format("the field {} is missing", name));
            return nullptr;
        }
        const T* typed = value->as<T>();
        if (typed == nullptr)
            fail(DocumentError::wrong_type,
                 fmt::format("{} is a {}, a {} was expected", name, value->type_name(), expected));
        return typed;
    }

    void read_module_id() {
        const auto* text = need<std::string>("module_id", "text");
        if (text == nullptr)
            return;
        const bool printable =
            std::all_of(text->begin(), text->end(), [](char c) { return c > 0x20 && c < 0x7f; });
        if (text->empty() || !printable)
            return fail(DocumentError::wrong_value,
                        fmt::format("module_id is \"{}\": a name such as i-...-enc... was expected",
                                    shown(*text)));
        document_.module_id = *text;
    }

    void read_digest() {
        const auto* text = need<std::string>("digest", "text");
        if (text != nullptr && *text != "SHA384")
            fail(DocumentError::wrong_value,
                 fmt::format("digest is \"{}\", \"SHA384\" was expected", shown(*text)));
    }

    void read_timestamp() {
        const auto* ms = need<std::uint64_t>("timestamp", "unsigned integer");
        if (ms == nullptr)
            return;
        if (*ms == 0 || *ms > timestamp_max)
            return fail(DocumentError::wrong_value,
                        fmt::format("timestamp is {}: milliseconds since 1970 were expected", *ms));
        document_.timestamp = TimePoint(std::chrono::milliseconds(*ms));
    }

    void read_pcrs() {
        const auto* pcrs = need<cbor::Map>("pcrs", "map");
        if (pcrs == nullptr)
            return;
        if (pcrs->empty())
            return fail(DocumentError::wrong_value, "pcrs is empty: at least one PCR was expected");
        for (const cbor::Entry& entry : *pcrs) {
            const auto* index = entry.key.as<std::uint64_t>();
            const auto* value = entry.value.as<Bytes>();
            if (index == nullptr || value == nullptr)
                return fail(DocumentError::wrong_type,
                            fmt::format("pcrs maps a {} to a {}: an unsigned integer and a byte "
                                        "string were expected",
                                        entry.key.type_name(), entry.value.type_name()));
            if (*index >= pcr_count)
                return fail(
                    DocumentError::wrong_value,
                    fmt::format("pcrs holds a PCR{}, the last is PCR{}", *index, pcr_count - 1));
            Pcr pcr{};
            if (value->size() != pcr.size())
                return fail(DocumentError::wrong_value,
                            fmt::format("PCR{} has {} bytes, SHA-384 has {}", *index, value->size(),
                                        pcr.size()));
            std::copy(value->begin(), value->end(), pcr.begin());
            if (!document_.pcrs.emplace(static_cast<PcrIndex>(*index), pcr).second)
                return fail(DocumentError::duplicate_field,
                            fmt::format("PCR{} is there twice", *index));
        }
    }

    bool certificate_size_is_right(std::string_view name, const Bytes& der) {
        if (!der.empty() && der.size() <= certificate_bytes_max)
            return true;
        fail(der.empty() ? DocumentError::wrong_value : DocumentError::field_too_long,
             fmt::format("{} has {} bytes, 1 to {} were expected", name, der.size(),
                         certificate_bytes_max));
        return false;
    }

    void read_certificate() {
        const auto* der = need<Bytes>("certificate", "byte string");
        if (der != nullptr && certificate_size_is_right("certificate", *der))
            document_.certificate = *der;
    }

    void read_cabundle() {
        const auto* bundle = need<cbor::Array>("cabundle", "array");
        if (bundle == nullptr)
            return;
        if (bundle->empty() || bundle->size() > cabundle_max)
            return fail(DocumentError::wrong_value,
                        fmt::format("cabundle has {} certificates, 1 to {} were expected",
                                    bundle->size(), cabundle_max));
        for (const cbor::Value& item : *bundle) {
            const auto* der = item.as<Bytes>();
            if (der == nullptr)
                return fail(DocumentError::wrong_type,
                            fmt::format("cabundle holds a {}, byte strings were expected",
                                        item.type_name()));
            if (!certificate_size_is_right("a certificate of cabundle", *der))
                return;
            document_.cabundle.push_back(*der);
        }
    }

    void read_optional(std::string_view name, std::optional<Bytes>& target,
                       std::size_t strict_max) {
        const cbor::Value* value = failure_ ? nullptr : find(name);
        if (value == nullptr || value->is_null())
            return;
        const auto* bytes = value->as<Bytes>();
        if (bytes == nullptr)
            return fail(DocumentError::wrong_type,
                        fmt::format("{} is a {}, a byte string or null was expected", name,
                                    value->type_name()));
        if (bytes->size() > strict_max) {
            if (limits_ == FieldLimits::strict)
                return fail(DocumentError::field_too_long,
                            fmt::format("{} has {} bytes, {} are allowed", name, bytes->size(),
                                        strict_max));
            warnings_.push_back(fmt::format("{} has {} bytes: some verifiers take no more than {}",
                                            name, bytes->size(), strict_max));
        }
        target = *bytes;
    }

    // attestation_process.md, section 3.2.2.2: public_key has 1 to 1024 bytes; the others may be
    // empty.
    void check_public_key_is_not_empty() {
        if (failure_ || !document_.public_key || !document_.public_key->empty())
            return;
        if (limits_ == FieldLimits::strict)
            return fail(DocumentError::wrong_value,
                        "public_key is empty: 1 to 1024 bytes were expected");
        warnings_.emplace_back("public_key is empty: some verifiers refuse that");
    }

    const cbor::Map& map_;
    FieldLimits limits_;
    std::vector<std::string>& warnings_;
    AttestationDocument document_;
    std::optional<Error> failure_;
};

}  // namespace

bool AttestationDocument::is_debug() const {
    for (const PcrIndex index : {0, 1, 2}) {
        const auto found = pcrs.find(index);
        if (found == pcrs.end() || !is_zero(found->second))
            return false;
    }
    return true;
}

std::optional<PcrIndex> AttestationDocument::unmeasured_pcr() const {
    for (const PcrIndex index : {0, 1, 2}) {
        const auto found = pcrs.find(index);
        if (found == pcrs.end() || is_zero(found->second))
            return index;
    }
    return std::nullopt;
}

Bytes encode_payload(const AttestationDocument& document, PayloadForm form) {
    cbor::Encoder encoder;
    if (form == PayloadForm::indefinite)
        encoder.indefinite_map();
    else
        encoder.map(9);
    encoder.text("module_id").text(document.module_id);
    encoder.text("digest").text(document.digest);
    encoder.text("timestamp");
    encoder.unsigned_integer(
        static_cast<std::uint64_t>(document.timestamp.time_since_epoch().count()));
    encoder.text("pcrs").map(document.pcrs.size());
    for (const auto& [index, value] : document.pcrs)
        encoder.unsigned_integer(index).bytes(value);
    encoder.text("certificate").bytes(document.certificate);
    encoder.text("cabundle").array(document.cabundle.size());
    for (const Bytes& certificate : document.cabundle)
        encoder.bytes(certificate);
    put_optional(encoder, "public_key", document.public_key);
    put_optional(encoder, "user_data", document.user_data);
    put_optional(encoder, "nonce", document.nonce);
    if (form == PayloadForm::indefinite)
        encoder.end();
    return encoder.take();
}

Result<AttestationDocument> decode_payload(BytesView payload, FieldLimits limits,
                                           std::vector<std::string>& warnings) {
    const auto decoded = cbor::decode(payload);
    if (!decoded)
        return Error(DocumentError::malformed_payload, "the payload is " + decoded.error().message);
    if (decoded->consumed != payload.size())
        return Error(
            DocumentError::malformed_payload,
            fmt::format("{} bytes follow the payload's map", payload.size() - decoded->consumed));
    const auto* map = decoded->value.as<cbor::Map>();
    if (map == nullptr)
        return Error(
            DocumentError::malformed_payload,
            fmt::format("the payload is a {}, a map was expected", decoded->value.type_name()));
    return PayloadReader(*map, limits, warnings).read();
}

}  // namespace glovebox::nsm
