// SPDX-License-Identifier: Apache-2.0

#include "sim/eif/tree/cpio.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "sim/eif/base/error.h"

namespace glovebox::eif {
namespace {

constexpr std::size_t entry_header_size = 110;
constexpr std::size_t magic_size = 6;
constexpr std::size_t field_size = 8;
constexpr std::size_t field_count = 13;
constexpr std::uint64_t alignment = 4;
constexpr std::uint64_t archive_alignment = 512;
constexpr std::string_view trailer = "TRAILER!!!";
constexpr std::array<std::uint8_t, archive_alignment> zeroes{};

// AWS's builder: every entry is on this device.
constexpr std::uint32_t written_device_major = 3;
constexpr std::uint32_t written_device_minor = 1;

constexpr std::uint64_t padding(std::uint64_t size, std::uint64_t multiple) {
    return (multiple - size % multiple) % multiple;
}

std::optional<std::uint32_t> hex_field(BytesView digits) {
    std::uint32_t value = 0;
    for (const std::uint8_t c : digits) {
        const int digit = c >= '0' && c <= '9'   ? c - '0'
                          : c >= 'a' && c <= 'f' ? c - 'a' + 10
                          : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                 : -1;
        if (digit < 0)
            return std::nullopt;
        value = value << 4 | static_cast<std::uint32_t>(digit);
    }
    return value;
}

}  // namespace

CpioReader::CpioReader(ByteSource& input) : input_(input), buffer_(piece_size) {}

Error CpioReader::bad(const std::string& sentence) const {
    return Error(EifError::bad_ramdisk,
                 fmt::format("cpio archive, byte {}: {}", position_, sentence));
}

// Returns up to `size` bytes (at most the buffer) without consuming them; fewer only at the end.
Result<BytesView> CpioReader::peek(std::size_t size) {
    while (end_ - begin_ < size && !input_ended_) {
        if (begin_ != 0) {
            std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
            end_ -= begin_;
            begin_ = 0;
        }
        const auto got = input_.read(std::span(buffer_).subspan(end_));
        if (!got)
            return got.error();
        input_ended_ = *got == 0;
        end_ += *got;
    }
    return BytesView(buffer_).subspan(begin_, std::min(size, end_ - begin_));
}

void CpioReader::consume(std::size_t size) {
    begin_ += size;
    position_ += size;
}

Result<void> CpioReader::skip(std::uint64_t size) {
    while (size != 0) {
        const auto some = peek(static_cast<std::size_t>(std::min<std::uint64_t>(size, piece_size)));
        if (!some)
            return some.error();
        if (some->empty())
            return bad(fmt::format("the data ends {} bytes before the entry does", size));
        size -= some->size();
        consume(some->size());
    }
    return {};
}

// The last archive's padding may be cut off; the kernel accepts that.
Result<void> CpioReader::skip_padding() {
    const auto some = peek(padding(position_ - archive_start_, alignment));
    if (!some)
        return some.error();
    consume(some->size());
    return {};
}

Result<std::optional<CpioEntry>> CpioReader::next() {
    if (const auto skipped = skip(content_left_); !skipped)
        return skipped.error();
    content_left_ = 0;
    for (;;) {
        if (const auto padded = skip_padding(); !padded)
            return padded.error();
        if (!inside_archive_) {
            // Zeroes between archives.
            for (;;) {
                const auto some = peek(piece_size);
                if (!some)
                    return some.error();
                const auto zero_end =
                    std::find_if(some->begin(), some->end(), [](std::uint8_t c) { return c != 0; });
                const bool more = zero_end == some->end() && !some->empty();
                consume(static_cast<std::size_t>(zero_end - some->begin()));
                if (!more)
                    break;
            }
            archive_start_ = position_;
        }
        const auto header = peek(entry_header_size);
        if (!header)
            return header.error();
        if (!inside_archive_) {
            if (header->empty())
                return std::optional<CpioEntry>();
            if (!as_text(*header).starts_with("0707")) {
                other_data_ = true;
                return std::optional<CpioEntry>();
            }
        }
        if (header->size() < entry_header_size)
            return bad(inside_archive_ ? "the data ends where an entry or TRAILER!!! was expected"
                                       : "the data ends inside an entry's header");
        const std::string_view magic = as_text(header->first(magic_size));
        if (magic != "070701" && magic != "070702")
            return bad(magic == "070707"
                           ? "the old portable form (070707); the kernel wants newc: cpio -H newc"
                           : "no entry of the newc form (070701) stands here");
        std::array<std::uint32_t, field_count> fields{};
        for (std::size_t i = 0; i < field_count; ++i) {
            const auto value = hex_field(header->subspan(magic_size + field_size * i, field_size));
            if (!value)
                return bad("an entry's header holds other characters than hexadecimal digits");
            fields[i] = *value;
        }
        const std::uint32_t name_size = fields[11];
        if (name_size == 0 || name_size > cpio_name_size_max)
            return bad(fmt::format("a name of {} bytes: 1 to {} were expected", name_size,
                                   cpio_name_size_max));
        consume(entry_header_size);
        const auto name_bytes = peek(name_size);
        if (!name_bytes)
            return name_bytes.error();
        if (name_bytes->size() < name_size)
            return bad("the data ends inside an entry's name");
        if (name_bytes->back() != 0)
            return bad("a name does not end with NUL");
        std::string name(as_text(*name_bytes).data());  // up to its first NUL
        consume(name_size);
        inside_archive_ = true;
        if (name == trailer) {
            if (const auto skipped = skip(fields[6]); !skipped)
                return skipped.error();
            if (const auto padded = skip_padding(); !padded)
                return padded.error();
            inside_archive_ = false;
            continue;
        }
        if (const auto padded = skip_padding(); !padded)
            return padded.error();
        content_left_ = fields[6];
        return std::optional(CpioEntry{.name = std::move(name),
                                       .ino = fields[0],
                                       .mode = fields[1],
                                       .uid = fields[2],
                                       .gid = fields[3],
                                       .nlink = fields[4],
                                       .mtime = fields[5],
                                       .size = fields[6],
                                       .device_major = fields[7],
                                       .device_minor = fields[8],
                                       .rdev_major = fields[9],
                                       .rdev_minor = fields[10],
                                       .check = fields[12]});
    }
}

Result<std::size_t> CpioReader::read(std::span<std::uint8_t> out) {
    const auto wanted =
        static_cast<std::size_t>(std::min<std::uint64_t>({out.size(), content_left_, piece_size}));
    if (wanted == 0)
        return std::size_t{0};
    const auto some = peek(wanted);
    if (!some)
        return some.error();
    if (some->empty())
        return bad(fmt::format("the data ends {} bytes before the entry does", content_left_));
    std::copy(some->begin(), some->end(), out.begin());
    const std::size_t got = some->size();
    content_left_ -= got;
    consume(got);
    return got;
}

Result<void> CpioWriter::put_header(const CpioEntry& entry) {
    const auto name_size = static_cast<std::uint32_t>(entry.name.size() + 1);
    std::string header = "070701";
    for (const std::uint32_t field :
         {entry.ino, entry.mode, entry.uid, entry.gid, entry.nlink, entry.mtime, entry.size,
          entry.device_major, entry.device_minor, entry.rdev_major, entry.rdev_minor, name_size,
          entry.check})
        header += fmt::format("{:08x}", field);
    header += entry.name;
    header += '\0';
    if (const auto written = out_.append(as_bytes(header)); !written)
        return written.error();
    return pad(alignment);
}

Result<void> CpioWriter::pad(std::uint64_t multiple) {
    return out_.append(
        BytesView(zeroes).first(static_cast<std::size_t>(padding(out_.size() - start_, multiple))));
}

Result<void> CpioWriter::add(const CpioEntry& given) {
    if (given.name.size() >= cpio_name_size_max)
        return Error(
            EifError::limit_exceeded,
            fmt::format("{}...: a path of {} bytes, and the kernel takes {}",
                        given.name.substr(0, 60), given.name.size(), cpio_name_size_max - 1));
    if (const auto padded = pad(alignment); !padded)
        return padded.error();
    CpioEntry entry = given;
    entry.ino = next_ino_++;
    entry.device_major = written_device_major;
    entry.device_minor = written_device_minor;
    entry.check = 0;
    return put_header(entry);
}

Result<void> CpioWriter::write(BytesView content) {
    return out_.append(content);
}

Result<void> CpioWriter::add(CpioEntry entry, BytesView content) {
    entry.size = static_cast<std::uint32_t>(content.size());
    if (const auto added = add(entry); !added)
        return added.error();
    return write(content);
}

Result<void> CpioWriter::finish() {
    if (const auto padded = pad(alignment); !padded)
        return padded.error();
    CpioEntry last;
    last.name = trailer;
    if (const auto written = put_header(last); !written)
        return written.error();
    return pad(archive_alignment);
}

}  // namespace glovebox::eif
