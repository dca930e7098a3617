#include "sim/eif/format/cbor.h"

#include <cbor.h>
#include <fmt/core.h>

#include <array>
#include <limits>

#include "sim/eif/base/error.h"

namespace glovebox::eif {
namespace {

using Kind = CborReader::Head::Kind;

constexpr std::size_t head_size_max = 9;
// How deep an item that is only skipped may nest; serde_cbor, AWS's reader, stops here too.
constexpr std::size_t depth_max = 128;

template <class Encode, class Value>
void put_head(Bytes& out, Encode encode, Value value) {
    std::array<unsigned char, head_size_max> head;
    const std::size_t size = encode(value, head.data(), head.size());
    out.insert(out.end(), head.begin(), head.begin() + static_cast<std::ptrdiff_t>(size));
}

CborReader::Head& head_of(void* context) {
    return *static_cast<CborReader::Head*>(context);
}

template <class Integer, Kind kind>
void on_value(void* context, Integer value) {
    head_of(context) = {.kind = kind, .value = value, .content = {}};
}

template <Kind kind>
void on_string(void* context, cbor_data data, std::size_t size) {
    head_of(context) = {.kind = kind, .value = size, .content = BytesView(data, size)};
}

template <Kind kind>
void on_head(void* context) {
    head_of(context) = {.kind = kind, .value = 0, .content = {}};
}

cbor_callbacks make_callbacks() {
    cbor_callbacks table = cbor_empty_callbacks;
    table.uint8 = on_value<std::uint8_t, Kind::unsigned_integer>;
    table.uint16 = on_value<std::uint16_t, Kind::unsigned_integer>;
    table.uint32 = on_value<std::uint32_t, Kind::unsigned_integer>;
    table.uint64 = on_value<std::uint64_t, Kind::unsigned_integer>;
    table.negint8 = on_value<std::uint8_t, Kind::negative_integer>;
    table.negint16 = on_value<std::uint16_t, Kind::negative_integer>;
    table.negint32 = on_value<std::uint32_t, Kind::negative_integer>;
    table.negint64 = on_value<std::uint64_t, Kind::negative_integer>;
    table.byte_string = on_string<Kind::bytes>;
    table.byte_string_start = on_head<Kind::bytes_start>;
    table.string = on_string<Kind::text>;
    table.string_start = on_head<Kind::text_start>;
    table.array_start = on_value<std::size_t, Kind::array>;
    table.indef_array_start = on_head<Kind::array_start>;
    table.map_start = on_value<std::size_t, Kind::map>;
    table.indef_map_start = on_head<Kind::map_start>;
    table.tag = on_value<std::uint64_t, Kind::tag>;
    table.float2 = [](void* context, float) { head_of(context).kind = Kind::simple; };
    table.float4 = [](void* context, float) { head_of(context).kind = Kind::simple; };
    table.float8 = [](void* context, double) { head_of(context).kind = Kind::simple; };
    table.undefined = on_head<Kind::simple>;
    table.null = on_head<Kind::simple>;
    table.boolean = [](void* context, bool) { head_of(context).kind = Kind::simple; };
    table.indef_break = on_head<Kind::end>;
    return table;
}

const cbor_callbacks callbacks = make_callbacks();

}  // namespace

void CborWriter::array(std::size_t items) {
    put_head(out_, cbor_encode_array_start, items);
}

void CborWriter::map(std::size_t pairs) {
    put_head(out_, cbor_encode_map_start, pairs);
}

void CborWriter::integer(std::int64_t value) {
    if (value >= 0)
        put_head(out_, cbor_encode_uint, static_cast<std::uint64_t>(value));
    else
        put_head(out_, cbor_encode_negint, static_cast<std::uint64_t>(-1 - value));
}

void CborWriter::text(std::string_view text) {
    put_head(out_, cbor_encode_string_start, text.size());
    const BytesView view = as_bytes(text);
    out_.insert(out_.end(), view.begin(), view.end());
}

void CborWriter::bytes(BytesView bytes) {
    put_head(out_, cbor_encode_bytestring_start, bytes.size());
    out_.insert(out_.end(), bytes.begin(), bytes.end());
}

void CborWriter::integer_array(BytesView bytes) {
    array(bytes.size());
    for (const std::uint8_t byte : bytes)
        integer(byte);
}

Error CborReader::error(const std::string& sentence) const {
    return Error(EifError::bad_signature, fmt::format("CBOR byte {}: {}", position(), sentence));
}

Result<CborReader::Head> CborReader::next() {
    // libcbor 0.8 decodes no one-byte tag that had no meaning when it was written, and 18 is one.
    constexpr std::uint8_t tag_first = 0xc0;
    constexpr std::uint8_t tag_last = 0xd7;
    if (!rest_.empty() && rest_.front() >= tag_first && rest_.front() <= tag_last) {
        const std::uint64_t number = rest_.front() - tag_first;
        rest_ = rest_.subspan(1);
        return Head{.kind = Kind::tag, .value = number, .content = {}};
    }
    Head head;
    const cbor_decoder_result result =
        cbor_stream_decode(rest_.data(), rest_.size(), &callbacks, &head);
    if (rest_.empty() || result.status == CBOR_DECODER_NEDATA)
        return error("the data ends inside an item");
    if (result.status != CBOR_DECODER_FINISHED || head.kind == Kind::none)
        return error("no well-formed item stands here");
    rest_ = rest_.subspan(result.read);
    return head;
}

Result<CborReader::Head> CborReader::expect(Kind kind, Kind alternative, const char* what) {
    const BytesView before = rest_;
    auto head = next();
    if (head && head->kind != kind && head->kind != alternative) {
        rest_ = before;
        return error(fmt::format("{} was expected", what));
    }
    return head;
}

Result<std::optional<std::uint64_t>> CborReader::array() {
    const auto head = expect(Kind::array, Kind::array_start, "an array");
    if (!head)
        return head.error();
    return head->kind == Kind::array ? std::optional(head->value) : std::nullopt;
}

Result<std::optional<std::uint64_t>> CborReader::map() {
    const auto head = expect(Kind::map, Kind::map_start, "a map");
    if (!head)
        return head.error();
    return head->kind == Kind::map ? std::optional(head->value) : std::nullopt;
}

Result<std::int64_t> CborReader::integer() {
    const auto head = expect(Kind::unsigned_integer, Kind::negative_integer, "an integer");
    if (!head)
        return head.error();
    if (head->value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
        return error("an integer beyond 64 bits with sign");
    const auto value = static_cast<std::int64_t>(head->value);
    return head->kind == Kind::unsigned_integer ? value : -1 - value;
}

Result<Bytes> CborReader::string(Kind kind, Kind start, const char* what) {
    const auto head = expect(kind, start, what);
    if (!head)
        return head.error();
    if (head->kind == kind)
        return Bytes(head->content.begin(), head->content.end());
    Bytes joined;
    while (!at_break()) {
        const auto chunk = expect(kind, kind, what);
        if (!chunk)
            return chunk.error();
        joined.insert(joined.end(), chunk->content.begin(), chunk->content.end());
    }
    return joined;
}

Result<std::string> CborReader::text() {
    const auto bytes = string(Kind::text, Kind::text_start, "a text string");
    if (!bytes)
        return bytes.error();
    return std::string(as_text(*bytes));
}

Result<Bytes> CborReader::bytes() {
    return string(Kind::bytes, Kind::bytes_start, "a byte string");
}

Result<Bytes> CborReader::integer_array() {
    auto remaining = array();
    if (!remaining)
        return remaining.error();
    Bytes bytes;
    while (more(*remaining)) {
        const auto value = integer();
        if (!value)
            return value.error();
        if (*value < 0 || *value > 255)
            return error("an integer from 0 to 255 was expected");
        bytes.push_back(static_cast<std::uint8_t>(*value));
    }
    return bytes;
}

Result<void> CborReader::skip() {
    // How many items are still owed on each open level; nullopt where a break ends it.
    std::vector<std::optional<std::uint64_t>> owed{1};
    while (!owed.empty()) {
        if (!more(owed.back())) {
            owed.pop_back();
            continue;
        }
        if (owed.size() > depth_max)
            return error(fmt::format("items nest deeper than {} levels", depth_max));
        const auto head = next();
        if (!head)
            return head.error();
        switch (head->kind) {
            case Kind::array:
                owed.emplace_back(head->value);
                break;
            case Kind::map:
                if (head->value > rest_.size())
                    return error("a map claims more pairs than bytes follow");
                owed.emplace_back(head->value * 2);
                break;
            case Kind::array_start:
            case Kind::map_start:
            case Kind::bytes_start:
            case Kind::text_start:
                owed.emplace_back(std::nullopt);
                break;
            case Kind::tag:
                owed.emplace_back(1);
                break;
            case Kind::end:
                return error("a break stands where an item was expected");
            default:
                break;
        }
    }
    return {};
}

std::optional<std::uint64_t> CborReader::tag() {
    const BytesView before = rest_;
    const auto head = next();
    if (head && head->kind == Kind::tag)
        return head->value;
    rest_ = before;
    return std::nullopt;
}

bool CborReader::at_break() {
    constexpr std::uint8_t break_byte = 0xff;
    if (rest_.empty() || rest_.front() != break_byte)
        return false;
    rest_ = rest_.subspan(1);
    return true;
}

bool CborReader::more(std::optional<std::uint64_t>& remaining) {
    if (!remaining)
        return !at_break();
    if (*remaining == 0)
        return false;
    --*remaining;
    return true;
}

}  // namespace glovebox::eif
