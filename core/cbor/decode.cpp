// SPDX-License-Identifier: Apache-2.0

#include "core/cbor/decode.h"

#include <cbor/streaming.h>
#include <fmt/core.h>

#include <boost/system/errc.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace glovebox::cbor {

namespace {

// Puts the items that libcbor recognises together. One frame an open container, so that nesting
// costs our own memory and not the stack's.
class Builder {
  public:
    explicit Builder(const Limits& limits) : limits_(limits) {}

    // What is left of the input after the current head: no container can hold more items than that.
    void set_bytes_left(std::size_t bytes) { bytes_left_ = bytes; }

    [[nodiscard]] bool complete() const { return result_.has_value(); }
    [[nodiscard]] const std::string& failure() const { return failure_; }
    [[nodiscard]] Value take() { return std::move(*result_); }

    void add(Value value) {
        if (!failure_.empty() || !count_item())
            return;
        if (!frames_.empty() && frames_.back().is_string())
            return fail("a chunk of an indefinite string is not a string of its type");
        place(std::move(value));
    }

    void add_bytes(BytesView bytes) {
        add_string(Kind::byte_chunks, Bytes(bytes.begin(), bytes.end()));
    }
    void add_text(BytesView text) { add_string(Kind::text_chunks, std::string(as_text(text))); }

    void open_array(std::optional<std::uint64_t> count) { open(Kind::array, count, 1); }
    void open_map(std::optional<std::uint64_t> entries) { open(Kind::map, entries, 2); }
    void open_bytes() { open(Kind::byte_chunks, std::nullopt, 0); }
    void open_text() { open(Kind::text_chunks, std::nullopt, 0); }
    void open_tag(std::uint64_t tag) {
        open(Kind::tag, 1, 1);
        if (failure_.empty())
            frames_.back().tag = tag;
    }

    void close() {
        if (!failure_.empty())
            return;
        if (frames_.empty() || frames_.back().left)
            return fail("a break where no indefinite item is open");
        if (frames_.back().key)
            return fail("a map ends after a key without its value");
        finish();
    }

  private:
    enum class Kind { array, map, byte_chunks, text_chunks, tag };

    struct Frame {
        Kind kind;
        std::optional<std::uint64_t> left;  // entries still to come; none for indefinite lengths
        std::uint64_t tag = 0;
        Array array{};
        Map map{};
        Bytes bytes{};
        std::string text{};
        std::optional<Value> key{};

        [[nodiscard]] bool is_string() const {
            return kind == Kind::byte_chunks || kind == Kind::text_chunks;
        }
    };

    void fail(std::string why) {
        if (failure_.empty())
            failure_ = std::move(why);
    }

    bool count_item() {
        if (++items_ > limits_.items_max)
            fail(fmt::format("more than {} items", limits_.items_max));
        return failure_.empty();
    }

    void append(Frame& frame, const Bytes& chunk) {
        frame.bytes.insert(frame.bytes.end(), chunk.begin(), chunk.end());
    }
    void append(Frame& frame, const std::string& chunk) { frame.text += chunk; }

    template <class String>
    void add_string(Kind chunks, String string) {
        if (failure_.empty() && !frames_.empty() && frames_.back().kind == chunks) {
            if (count_item())
                append(frames_.back(), string);
            return;
        }
        add(Value(std::move(string)));
    }

    void open(Kind kind, std::optional<std::uint64_t> count, std::uint64_t bytes_each) {
        if (!failure_.empty() || !count_item())
            return;
        if (!frames_.empty() && frames_.back().is_string())
            return fail("a chunk of an indefinite string is not a definite string");
        if (frames_.size() >= limits_.depth_max)
            return fail(fmt::format("nested deeper than {} levels", limits_.depth_max));
        if (count && *count > bytes_left_ / bytes_each)
            return fail("more entries are claimed than there are bytes");
        frames_.push_back(Frame{kind, count});
        if (count && *count == 0)
            finish();
    }

    // The innermost container is whole: it becomes a value of the one around it.
    void finish() {
        Frame frame = std::move(frames_.back());
        frames_.pop_back();
        switch (frame.kind) {
            case Kind::array:
                return place(Value(std::move(frame.array)));
            case Kind::map:
                return place(Value(std::move(frame.map)));
            case Kind::byte_chunks:
                return place(Value(std::move(frame.bytes)));
            case Kind::text_chunks:
                return place(Value(std::move(frame.text)));
            case Kind::tag:
                return place(Value(Tagged{
                    frame.tag, std::make_shared<const Value>(std::move(frame.array.front()))}));
        }
    }

    void place(Value value) {
        if (frames_.empty()) {
            result_ = std::move(value);
            return;
        }
        Frame& frame = frames_.back();
        if (frame.kind == Kind::map) {
            if (!frame.key) {
                frame.key = std::move(value);
                return;
            }
            frame.map.push_back(Entry{std::move(*frame.key), std::move(value)});
            frame.key.reset();
        } else {
            frame.array.push_back(std::move(value));
        }
        if (frame.left && --*frame.left == 0)
            finish();
    }

    const Limits& limits_;
    std::vector<Frame> frames_;
    std::optional<Value> result_;
    std::size_t items_ = 0;
    std::size_t bytes_left_ = 0;
    std::string failure_;  // empty while all is well
};

Builder& builder(void* context) {
    return *static_cast<Builder*>(context);
}

template <class Number>
void on_unsigned(void* context, Number value) {
    builder(context).add(Value(std::uint64_t{value}));
}
template <class Number>
void on_negative(void* context, Number n) {
    builder(context).add(Value(Negative{n}));
}
template <class Float>
void on_float(void* context, Float value) {
    builder(context).add(Value(static_cast<double>(value)));
}

// The lengths are size_t in libcbor 0.8 and uint64_t in 0.10; a lambda would have to choose.
template <class Length>
void on_bytes(void* context, cbor_data data, Length length) {
    builder(context).add_bytes({data, static_cast<std::size_t>(length)});
}
template <class Length>
void on_text(void* context, cbor_data data, Length length) {
    builder(context).add_text({data, static_cast<std::size_t>(length)});
}
template <class Count>
void on_array(void* context, Count count) {
    builder(context).open_array(count);
}
template <class Count>
void on_map(void* context, Count entries) {
    builder(context).open_map(entries);
}

cbor_callbacks make_callbacks() {
    cbor_callbacks callbacks = cbor_empty_callbacks;
    callbacks.uint8 = on_unsigned;
    callbacks.uint16 = on_unsigned;
    callbacks.uint32 = on_unsigned;
    callbacks.uint64 = on_unsigned;
    callbacks.negint8 = on_negative;
    callbacks.negint16 = on_negative;
    callbacks.negint32 = on_negative;
    callbacks.negint64 = on_negative;
    callbacks.byte_string = on_bytes;
    callbacks.byte_string_start = [](void* context) { builder(context).open_bytes(); };
    callbacks.string = on_text;
    callbacks.string_start = [](void* context) { builder(context).open_text(); };
    callbacks.array_start = on_array;
    callbacks.indef_array_start = [](void* context) { builder(context).open_array(std::nullopt); };
    callbacks.map_start = on_map;
    callbacks.indef_map_start = [](void* context) { builder(context).open_map(std::nullopt); };
    callbacks.tag = [](void* context, std::uint64_t tag) { builder(context).open_tag(tag); };
    callbacks.float2 = on_float;
    callbacks.float4 = on_float;
    callbacks.float8 = on_float;
    callbacks.undefined = [](void* context) { builder(context).add(Value(Undefined{})); };
    callbacks.null = [](void* context) { builder(context).add(Value(Null{})); };
    callbacks.boolean = [](void* context, bool value) { builder(context).add(Value(value)); };
    callbacks.indef_break = [](void* context) { builder(context).close(); };
    return callbacks;
}

// Tags 6 to 20 in one byte: some libcbor releases (0.8 is one) know no item that begins so.
bool is_short_tag(std::uint8_t initial) {
    return initial >= 0xc6 && initial <= 0xd4;
}

// How many bytes the head at the front of `bytes` has: its initial byte and the argument.
std::size_t head_size(std::uint8_t initial) {
    const unsigned info = initial & 0x1f;
    return info >= 24 && info <= 27 ? 1 + (std::size_t{1} << (info - 24)) : 1;
}

}  // namespace

Result<Decoded> decode(BytesView bytes, const Limits& limits) {
    static const cbor_callbacks callbacks = make_callbacks();
    const auto refuse = [](std::size_t offset, std::string_view why) {
        return Error(make_error_code(boost::system::errc::illegal_byte_sequence),
                     fmt::format("not well-formed CBOR at byte {}: {}", offset, why));
    };
    Builder tree(limits);
    std::size_t offset = 0;
    while (!tree.complete()) {
        const BytesView rest = bytes.subspan(offset);
        if (rest.empty())
            return refuse(offset, offset == 0 ? "there are no bytes" : "it ends inside an item");
        const std::size_t head = head_size(rest.front());
        tree.set_bytes_left(head < rest.size() ? rest.size() - head : 0);
        cbor_decoder_result step{1, CBOR_DECODER_FINISHED, 0};
        if (is_short_tag(rest.front()))
            tree.open_tag(rest.front() & 0x1f);
        else
            step = cbor_stream_decode(rest.data(), rest.size(), &callbacks, &tree);
        if (step.status == CBOR_DECODER_NEDATA)
            return refuse(offset, "it ends inside an item");
        if (step.status != CBOR_DECODER_FINISHED)
            return refuse(offset, fmt::format("0x{:02x} begins no item", rest.front()));
        if (!tree.failure().empty())
            return refuse(offset, tree.failure());
        offset += step.read;
    }
    return Decoded{tree.take(), offset};
}

}  // namespace glovebox::cbor
