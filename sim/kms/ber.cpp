// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/ber.h"

#include <numeric>

namespace glovebox::kms::ber {
namespace {

void append(Bytes& out, std::initializer_list<BytesView> parts) {
    for (const BytesView part : parts)
        out.insert(out.end(), part.begin(), part.end());
}

}  // namespace

Bytes definite(std::uint8_t tag, std::initializer_list<BytesView> parts) {
    const std::size_t length =
        std::accumulate(parts.begin(), parts.end(), std::size_t{0},
                        [](std::size_t sum, BytesView part) { return sum + part.size(); });
    Bytes out{tag};
    if (length < 0x80) {
        out.push_back(static_cast<std::uint8_t>(length));
    } else {
        std::size_t bytes = 1;
        while (length >> (8 * bytes) != 0)
            ++bytes;
        out.push_back(static_cast<std::uint8_t>(0x80 | bytes));
        for (std::size_t i = bytes; i-- > 0;)
            out.push_back(static_cast<std::uint8_t>(length >> (8 * i)));
    }
    append(out, parts);
    return out;
}

Bytes indefinite(std::uint8_t tag, std::initializer_list<BytesView> parts) {
    Bytes out{tag, 0x80};
    append(out, parts);
    out.insert(out.end(), {0, 0});
    return out;
}

std::optional<BytesView> take(BytesView& bytes, std::uint8_t tag) {
    if (bytes.size() < 2 || bytes[0] != tag)
        return std::nullopt;
    std::size_t length = bytes[1];
    std::size_t head = 2;
    if (length >= 0x80) {
        const std::size_t count = length & 0x7f;
        if (count == 0 || count > 4 || bytes.size() < head + count)
            return std::nullopt;
        length = 0;
        for (std::size_t i = 0; i < count; ++i)
            length = length << 8 | bytes[head + i];
        head += count;
    }
    if (bytes.size() - head < length)
        return std::nullopt;
    const BytesView content = bytes.subspan(head, length);
    bytes = bytes.subspan(head + length);
    return content;
}

}  // namespace glovebox::kms::ber
