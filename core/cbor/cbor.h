// CBOR (RFC 8949): a small tree to read foreign bytes into, and an encoder that writes exactly what
// it is told.
//
// libcbor's streaming decoder recognises the items and its encoders write the heads; the tree is
// ours, so that a claimed length allocates nothing: memory follows the bytes that are there. Both
// definite and indefinite lengths and every integer width are read. Map entries keep their order
// and their duplicates, since who wins is the protocol's business.
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

struct Limits {
    std::size_t depth_max = 16;
    std::size_t items_max = 20'000;
};

struct Decoded {
    Value value;
    std::size_t consumed = 0;  // bytes of the first item; what follows is the caller's business
};

// Reads the first data item of `bytes`. An error says at which byte, and what is wrong there.
[[nodiscard]] Result<Decoded> decode(BytesView bytes, const Limits& limits = {});

// Writes CBOR item by item, every head in its shortest form. The caller keeps counts right.
class Encoder {
  public:
    Encoder& unsigned_integer(std::uint64_t value);
    Encoder& negative(std::uint64_t n);  // -1 - n
    Encoder& bytes(BytesView value);
    Encoder& text(std::string_view value);
    Encoder& boolean(bool value);
    Encoder& null();
    Encoder& array(std::size_t count);
    Encoder& map(std::size_t entries);
    Encoder& indefinite_map();  // ended by end()
    Encoder& end();

    [[nodiscard]] const Bytes& encoded() const { return out_; }
    [[nodiscard]] Bytes take() { return std::move(out_); }

  private:
    template <class Write>
    Encoder& head(Write write);

    Bytes out_;
};

}  // namespace glovebox::cbor
