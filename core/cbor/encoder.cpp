// SPDX-License-Identifier: Apache-2.0

#include "core/cbor/encoder.h"

#include <cbor/encoding.h>

#include <array>
#include <stdexcept>

namespace glovebox::cbor {

template <class Write>
Encoder& Encoder::head(Write write) {
    std::array<unsigned char, 9> buffer{};  // initial byte and an argument of eight at the most
    const std::size_t written = write(buffer.data(), buffer.size());
    if (written == 0)
        throw std::logic_error("cbor: a head did not fit nine bytes");
    out_.insert(out_.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(written));
    return *this;
}

Encoder& Encoder::unsigned_integer(std::uint64_t value) {
    return head([&](auto* out, std::size_t size) { return cbor_encode_uint(value, out, size); });
}

Encoder& Encoder::negative(std::uint64_t n) {
    return head([&](auto* out, std::size_t size) { return cbor_encode_negint(n, out, size); });
}

Encoder& Encoder::integer(std::int64_t value) {
    return value >= 0 ? unsigned_integer(static_cast<std::uint64_t>(value))
                      : negative(static_cast<std::uint64_t>(-1 - value));
}

Encoder& Encoder::bytes(BytesView value) {
    head([&](auto* out, std::size_t size) {
        return cbor_encode_bytestring_start(value.size(), out, size);
    });
    out_.insert(out_.end(), value.begin(), value.end());
    return *this;
}

Encoder& Encoder::text(std::string_view value) {
    head([&](auto* out, std::size_t size) {
        return cbor_encode_string_start(value.size(), out, size);
    });
    out_.insert(out_.end(), value.begin(), value.end());
    return *this;
}

Encoder& Encoder::boolean(bool value) {
    return head([&](auto* out, std::size_t size) { return cbor_encode_bool(value, out, size); });
}

Encoder& Encoder::null() {
    return head([](auto* out, std::size_t size) { return cbor_encode_null(out, size); });
}

Encoder& Encoder::array(std::size_t count) {
    return head(
        [&](auto* out, std::size_t size) { return cbor_encode_array_start(count, out, size); });
}

Encoder& Encoder::integer_array(BytesView value) {
    array(value.size());
    for (const std::uint8_t byte : value)
        unsigned_integer(byte);
    return *this;
}

Encoder& Encoder::map(std::size_t entries) {
    return head(
        [&](auto* out, std::size_t size) { return cbor_encode_map_start(entries, out, size); });
}

Encoder& Encoder::indefinite_map() {
    return head([](auto* out, std::size_t size) { return cbor_encode_indef_map_start(out, size); });
}

Encoder& Encoder::end() {
    return head([](auto* out, std::size_t size) { return cbor_encode_break(out, size); });
}

}  // namespace glovebox::cbor
