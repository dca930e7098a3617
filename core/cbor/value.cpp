// SPDX-License-Identifier: Apache-2.0

#include "core/cbor/value.h"

#include <array>

namespace glovebox::cbor {

Value::Value() = default;
Value::Value(const Value&) = default;
Value::Value(Value&&) noexcept = default;
Value& Value::operator=(const Value&) = default;
Value& Value::operator=(Value&&) noexcept = default;
Value::~Value() = default;

std::string_view Value::type_name() const {
    static constexpr std::array<std::string_view, std::variant_size_v<Variant>> names{
        "null",
        "undefined",
        "boolean",
        "unsigned integer",
        "negative integer",
        "float",
        "byte string",
        "text",
        "array",
        "map",
        "tagged value"};
    return names[variant_.index()];
}

}  // namespace glovebox::cbor
