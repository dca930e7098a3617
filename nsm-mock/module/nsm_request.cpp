// SPDX-License-Identifier: Apache-2.0

#include "nsm-mock/module/nsm_request.h"

#include <fmt/core.h>

#include <limits>

#include "core/base/overloaded.h"
#include "core/cbor/decode.h"
#include "core/cbor/encoder.h"
#include "nsm-mock/module/nsm_device.h"
#include "nsm-mock/module/nsm_error.h"

namespace glovebox::nsm {
namespace {

Error refuse_request(std::string why) {
    return Error(NsmError::invalid_operation, std::move(why));
}

// The value of a field, the last one if it occurs twice; null if it is absent.
const cbor::Value* field_of(const cbor::Map& fields, std::string_view name) {
    const cbor::Value* found = nullptr;
    for (const cbor::Entry& entry : fields) {
        const auto* key = entry.key.as<std::string>();
        if (key != nullptr && *key == name)
            found = &entry.value;
    }
    return found;
}

Result<std::uint16_t> number_field(const cbor::Map& fields, std::string_view name) {
    const cbor::Value* value = field_of(fields, name);
    if (value == nullptr)
        return refuse_request(fmt::format("the field \"{}\" is missing", name));
    const auto* number = value->as<std::uint64_t>();
    if (number == nullptr || *number > std::numeric_limits<std::uint16_t>::max())
        return refuse_request(fmt::format("\"{}\" is not an integer from 0 to 65535", name));
    return static_cast<std::uint16_t>(*number);
}

Result<std::optional<Bytes>> bytes_field(const cbor::Map& fields, std::string_view name) {
    const cbor::Value* value = field_of(fields, name);
    if (value == nullptr || value->is_null())
        return std::optional<Bytes>();
    if (const auto* bytes = value->as<Bytes>())
        return std::optional(*bytes);
    if (const auto* text = value->as<std::string>())
        return std::optional(Bytes(text->begin(), text->end()));
    return refuse_request(
        fmt::format("\"{}\" is a {}, a byte string was expected", name, value->type_name()));
}

Result<Request> decode_named(std::string_view name, const cbor::Map& fields) {
    if (name == "DescribePCR" || name == "LockPCR") {
        const auto index = number_field(fields, "index");
        if (!index)
            return index.error();
        if (name == "LockPCR")
            return Request(request::LockPcr{*index});
        return Request(request::DescribePcr{*index});
    }
    if (name == "LockPCRs") {
        const auto range = number_field(fields, "range");
        if (!range)
            return range.error();
        return Request(request::LockPcrs{*range});
    }
    if (name == "ExtendPCR") {
        const auto index = number_field(fields, "index");
        if (!index)
            return index.error();
        auto data = bytes_field(fields, "data");
        if (!data)
            return data.error();
        if (!data->has_value())
            return refuse_request("the field \"data\" is missing");
        return Request(request::ExtendPcr{*index, std::move(**data)});
    }
    if (name == "Attestation") {
        request::Attestation attestation;
        struct Target {
            std::string_view name;
            std::optional<Bytes>& value;
        };
        for (const Target& target :
             {Target{"user_data", attestation.user_data}, Target{"nonce", attestation.nonce},
              Target{"public_key", attestation.public_key}}) {
            auto value = bytes_field(fields, target.name);
            if (!value)
                return value.error();
            target.value = std::move(*value);
        }
        return Request(std::move(attestation));
    }
    return refuse_request(fmt::format("no request with fields is named \"{}\"", name));
}

void put_optional(cbor::Encoder& encoder, std::string_view name,
                  const std::optional<Bytes>& value) {
    encoder.text(name);
    if (value)
        encoder.bytes(*value);
    else
        encoder.null();
}

}  // namespace

std::string describe(const Request& request) {
    const auto length = [](const std::optional<Bytes>& value) {
        return value ? fmt::format("{} bytes", value->size()) : "absent";
    };
    return std::visit(
        Overloaded{
            [](const request::DescribeNsm&) -> std::string { return "DescribeNSM"; },
            [](const request::GetRandom&) -> std::string { return "GetRandom"; },
            [](const request::DescribePcr& r) { return fmt::format("DescribePCR {}", r.index); },
            [](const request::ExtendPcr& r) {
                return fmt::format("ExtendPCR {} with {} bytes", r.index, r.data.size());
            },
            [](const request::LockPcr& r) { return fmt::format("LockPCR {}", r.index); },
            [](const request::LockPcrs& r) { return fmt::format("LockPCRs below {}", r.range); },
            [&](const request::Attestation& r) {
                return fmt::format("Attestation, user_data {}, nonce {}, public_key {}",
                                   length(r.user_data), length(r.nonce), length(r.public_key));
            },
        },
        request);
}

Bytes encode_request(const Request& request) {
    cbor::Encoder encoder;
    std::visit(Overloaded{
                   [&](const request::DescribeNsm&) { encoder.text("DescribeNSM"); },
                   [&](const request::GetRandom&) { encoder.text("GetRandom"); },
                   [&](const request::DescribePcr& r) {
                       encoder.map(1).text("DescribePCR").map(1);
                       encoder.text("index").unsigned_integer(r.index);
                   },
                   [&](const request::ExtendPcr& r) {
                       encoder.map(1).text("ExtendPCR").map(2);
                       encoder.text("index").unsigned_integer(r.index).text("data").bytes(r.data);
                   },
                   [&](const request::LockPcr& r) {
                       encoder.map(1).text("LockPCR").map(1);
                       encoder.text("index").unsigned_integer(r.index);
                   },
                   [&](const request::LockPcrs& r) {
                       encoder.map(1).text("LockPCRs").map(1);
                       encoder.text("range").unsigned_integer(r.range);
                   },
                   [&](const request::Attestation& r) {
                       encoder.map(1).text("Attestation").map(3);
                       put_optional(encoder, "user_data", r.user_data);
                       put_optional(encoder, "nonce", r.nonce);
                       put_optional(encoder, "public_key", r.public_key);
                   },
               },
               request);
    return encoder.take();
}

Result<Request> decode_request(BytesView bytes) {
    if (bytes.size() > request_bytes_max)
        return Error(NsmError::input_too_large,
                     fmt::format("a request has {} bytes at the most, this one {}",
                                 request_bytes_max, bytes.size()));
    const auto decoded = cbor::decode(bytes);
    if (!decoded)
        return refuse_request(decoded.error().message);
    if (const auto* name = decoded->value.as<std::string>()) {
        if (*name == "DescribeNSM")
            return Request(request::DescribeNsm{});
        if (*name == "GetRandom")
            return Request(request::GetRandom{});
        return refuse_request(fmt::format("no request without fields is named \"{}\"", *name));
    }
    const auto* map = decoded->value.as<cbor::Map>();
    if (map == nullptr || map->size() != 1)
        return refuse_request(fmt::format("a text or a map of one entry was expected, found a {}",
                                          decoded->value.type_name()));
    const auto* name = map->front().key.as<std::string>();
    if (name == nullptr)
        return refuse_request(
            fmt::format("a request's name is a text, found a {}", map->front().key.type_name()));
    const auto* fields = map->front().value.as<cbor::Map>();
    if (fields == nullptr)
        return refuse_request(fmt::format("the fields of \"{}\" are a map, found a {}", *name,
                                          map->front().value.type_name()));
    return decode_named(*name, *fields);
}

}  // namespace glovebox::nsm
