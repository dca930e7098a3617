// SPDX-License-Identifier: Apache-2.0

// Writes CBOR item by item, by libcbor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "core/base/bytes.h"

namespace glovebox::cbor {

// Every head has its shortest form. The caller keeps counts right.
class Encoder {
  public:
    Encoder& unsigned_integer(std::uint64_t value);
    Encoder& negative(std::uint64_t n);  // -1 - n
    Encoder& integer(std::int64_t value);
    Encoder& bytes(BytesView value);
    Encoder& text(std::string_view value);
    Encoder& boolean(bool value);
    Encoder& null();
    Encoder& array(std::size_t count);
    // An array of one integer a byte: how serde writes a Vec<u8>, and AWS's tools with it.
    Encoder& integer_array(BytesView value);
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
