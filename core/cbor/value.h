// SPDX-License-Identifier: Apache-2.0

// A CBOR data item (RFC 8949) as a value. Map entries keep their order and their duplicates, since
// which one counts is the protocol's business.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/bytes.h"

namespace glovebox::cbor {

class Value;
struct Entry;

using Array = std::vector<Value>;
using Map = std::vector<Entry>;

struct Null {};
struct Undefined {};

// The integer -1 - n, as CBOR's major type 1 holds it.
struct Negative {
    std::uint64_t n = 0;
};

struct Tagged {
    std::uint64_t tag = 0;
    std::shared_ptr<const Value> content;
};

class Value {
  public:
    using Variant = std::variant<Null, Undefined, bool, std::uint64_t, Negative, double, Bytes,
                                 std::string, Array, Map, Tagged>;

    Value();
    template <class T>
    explicit Value(T value) : variant_(std::move(value)) {}
    Value(const Value&);
    Value(Value&&) noexcept;
    Value& operator=(const Value&);
    Value& operator=(Value&&) noexcept;
    ~Value();

    // Null when the value is of another type.
    template <class T>
    [[nodiscard]] const T* as() const {
        return std::get_if<T>(&variant_);
    }
    [[nodiscard]] bool is_null() const { return as<Null>() != nullptr; }
    // "text", "byte string", "map": for sentences.
    [[nodiscard]] std::string_view type_name() const;

  private:
    Variant variant_;
};

struct Entry {
    Value key;
    Value value;
};

}  // namespace glovebox::cbor
