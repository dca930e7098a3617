// The little CBOR (RFC 8949) that a signature section needs: a writer of definite, shortest items
// and a reader that takes one item head at a time. Both stand on libcbor's streaming layer, so no
// count in foreign bytes makes anything allocate.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/bytes.h"
#include "core/base/error.h"

namespace glovebox::eif {

class CborWriter {
  public:
    void array(std::size_t items);
    void map(std::size_t pairs);
    void integer(std::int64_t value);
    void text(std::string_view text);
    void bytes(BytesView bytes);
    // One integer a byte: how AWS's tools write byte vectors.
    void integer_array(BytesView bytes);

    [[nodiscard]] Bytes take() { return std::move(out_); }

  private:
    Bytes out_;
};

class CborReader {
  public:
    explicit CborReader(BytesView input) : rest_(input), size_(input.size()) {}

    // Each reads the next item, or says what stands there instead and at which byte.
    // A count is absent when the length is indefinite: then `at_break` ends the items.
    [[nodiscard]] Result<std::optional<std::uint64_t>> array();
    [[nodiscard]] Result<std::optional<std::uint64_t>> map();
    [[nodiscard]] Result<std::int64_t> integer();
    // Definite or in chunks.
    [[nodiscard]] Result<std::string> text();
    [[nodiscard]] Result<Bytes> bytes();
    // An array of integers 0 to 255, definite or not.
    [[nodiscard]] Result<Bytes> integer_array();
    // Reads one whole item of any kind, however nested.
    [[nodiscard]] Result<void> skip();
    // Takes a tag's number if a tag stands here.
    [[nodiscard]] std::optional<std::uint64_t> tag();
    // Takes a "break" if one stands here.
    [[nodiscard]] bool at_break();
    // True when another item of a map or array has to follow; counts `remaining` down.
    [[nodiscard]] bool more(std::optional<std::uint64_t>& remaining);

    [[nodiscard]] bool at_end() const { return rest_.empty(); }
    [[nodiscard]] std::size_t position() const { return size_ - rest_.size(); }

    // The head of one item, as libcbor reports it.
    struct Head {
        enum class Kind {
            none,
            unsigned_integer,
            negative_integer,
            bytes,
            bytes_start,
            text,
            text_start,
            array,
            array_start,
            map,
            map_start,
            tag,
            end,
            simple
        };
        Kind kind = Kind::none;
        std::uint64_t value = 0;  // the integer's value (-1 - value when negative), count or tag
        BytesView content;        // of a definite string
    };

  private:
    [[nodiscard]] Result<Head> next();
    [[nodiscard]] Result<Head> expect(Head::Kind kind, Head::Kind alternative, const char* what);
    [[nodiscard]] Result<Bytes> string(Head::Kind kind, Head::Kind start, const char* what);
    [[nodiscard]] Error error(const std::string& sentence) const;

    BytesView rest_;
    std::size_t size_;
};

}  // namespace glovebox::eif
