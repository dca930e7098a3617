// SPDX-License-Identifier: Apache-2.0

#include "sim/eif/tree/archive_reader.h"

#include <archive.h>
#include <archive_entry.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <new>

#include "sim/eif/base/error.h"

namespace glovebox::eif {
namespace {

using AddFilter = int (*)(archive*);

AddFilter filter_for(Compression compression) {
    switch (compression) {
        case Compression::none:
            return nullptr;
        case Compression::gzip:
            return archive_read_support_filter_gzip;
        case Compression::bzip2:
            return archive_read_support_filter_bzip2;
        case Compression::xz:
            return archive_read_support_filter_xz;
        case Compression::lzma:
            return archive_read_support_filter_lzma;
        case Compression::lzo:
            return archive_read_support_filter_lzop;
        case Compression::lz4:
            return archive_read_support_filter_lz4;
        case Compression::zstd:
            return archive_read_support_filter_zstd;
    }
    return nullptr;
}

// A libarchive that was built without a method runs a program of that name instead, and reports so
// with ARCHIVE_WARN. Ask a handle that is discarded, so that the real one never runs a program.
bool is_built_in(AddFilter add) {
    const std::unique_ptr<archive, decltype(&archive_read_free)> probe(archive_read_new(),
                                                                       archive_read_free);
    const int added = probe ? add(probe.get()) : ARCHIVE_FATAL;
    if (added < ARCHIVE_WARN)
        throw std::bad_alloc();
    return added == ARCHIVE_OK;
}

std::string text_or_empty(const char* text) {
    return text == nullptr ? std::string() : std::string(text);
}

TarEntry::Type type_of(archive_entry* entry) {
    if (archive_entry_hardlink(entry) != nullptr)
        return TarEntry::Type::hard_link;
    switch (archive_entry_filetype(entry)) {
        case AE_IFREG:
            return TarEntry::Type::file;
        case AE_IFDIR:
            return TarEntry::Type::directory;
        case AE_IFLNK:
            return TarEntry::Type::symlink;
        case AE_IFCHR:
            return TarEntry::Type::character_device;
        case AE_IFBLK:
            return TarEntry::Type::block_device;
        case AE_IFIFO:
            return TarEntry::Type::fifo;
        default:
            return TarEntry::Type::other;
    }
}

TarEntry to_tar_entry(archive_entry* from) {
    TarEntry entry;
    entry.type = type_of(from);
    entry.path = text_or_empty(archive_entry_pathname(from));
    if (entry.type == TarEntry::Type::hard_link)
        entry.link_target = text_or_empty(archive_entry_hardlink(from));
    else if (entry.type == TarEntry::Type::symlink)
        entry.link_target = text_or_empty(archive_entry_symlink(from));
    entry.permissions = archive_entry_perm(from) & 07777;
    entry.uid = archive_entry_uid(from);
    entry.gid = archive_entry_gid(from);
    entry.mtime = archive_entry_mtime(from);
    entry.size = static_cast<std::uint64_t>(std::max<la_int64_t>(0, archive_entry_size(from)));
    entry.device_major = static_cast<std::uint32_t>(archive_entry_rdevmajor(from));
    entry.device_minor = static_cast<std::uint32_t>(archive_entry_rdevminor(from));
    archive_entry_xattr_reset(from);
    const char* name = nullptr;
    const void* value = nullptr;
    std::size_t size = 0;
    while (archive_entry_xattr_next(from, &name, &value, &size) == ARCHIVE_OK)
        entry.xattrs.push_back(text_or_empty(name));
    return entry;
}

}  // namespace

std::string_view to_string(Compression compression) {
    static constexpr std::array<std::string_view, 8> names{"none", "gzip", "bzip2", "xz",
                                                           "lzma", "lzo",  "lz4",   "zstd"};
    return names[static_cast<std::size_t>(compression)];
}

Compression compression_of(BytesView start) {
    const auto begins = [start](std::uint8_t first, std::uint8_t second) {
        return start.size() >= 2 && start[0] == first && start[1] == second;
    };
    if (begins(0x1f, 0x8b) || begins(0x1f, 0x9e))
        return Compression::gzip;
    if (begins('B', 'Z'))
        return Compression::bzip2;
    if (begins(0xfd, '7'))
        return Compression::xz;
    if (begins(0x5d, 0x00))
        return Compression::lzma;
    if (begins(0x89, 'L'))
        return Compression::lzo;
    if (begins(0x02, 0x21) || begins(0x04, 0x22))
        return Compression::lz4;
    if (begins(0x28, 0xb5))
        return Compression::zstd;
    return Compression::none;
}

namespace detail {

ArchiveHandle::ArchiveHandle(ByteSource& input)
    : archive_(archive_read_new()), input_(input), buffer_(piece_size) {
    if (archive_ == nullptr)
        throw std::bad_alloc();
}

void ArchiveHandle::Free::operator()(archive* handle) const {
    archive_read_free(handle);
}

void ArchiveHandle::support(int (*add)(archive*)) {
    if (add(get()) < ARCHIVE_WARN)
        throw std::bad_alloc();
}

Result<void> ArchiveHandle::open() {
    const auto read = [](archive*, void* context, const void** bytes) {
        return static_cast<ArchiveHandle*>(context)->read(bytes);
    };
    if (archive_read_open(get(), this, nullptr, read, nullptr) != ARCHIVE_OK)
        return error("can't be opened");
    return {};
}

// Called by libarchive, which no exception may pass through.
ssize_t ArchiveHandle::read(const void** bytes) {
    try {
        const auto got = input_.read(buffer_);
        if (got) {
            *bytes = buffer_.data();
            return static_cast<ssize_t>(*got);
        }
        input_error_ = got.error();
        archive_set_error(get(), EIO, "%s", got.error().message.c_str());
    } catch (const std::bad_alloc&) {
        input_lacked_memory_ = true;
        archive_set_error(get(), ENOMEM, "its source lacks memory");
    }
    return ARCHIVE_FATAL;
}

Error ArchiveHandle::error(const char* what) const {
    if (input_lacked_memory_ || archive_errno(get()) == ENOMEM)
        throw std::bad_alloc();
    if (input_error_)
        return *input_error_;
    return Error(EifError::bad_archive,
                 std::string(what) + ": " + text_or_empty(archive_error_string(get())));
}

}  // namespace detail

Result<std::unique_ptr<Decompressor>> Decompressor::open(ByteSource& input,
                                                         Compression compression) {
    const AddFilter add = filter_for(compression);
    if (add != nullptr && !is_built_in(add))
        return Error(EifError::unsupported,
                     "this machine's libarchive has no " + std::string(to_string(compression)));
    std::unique_ptr<Decompressor> result(new Decompressor(input));
    if (add != nullptr)
        result->handle_.support(add);
    if (const auto begun = result->begin(); !begun)
        return begun.error();
    return result;
}

Result<std::unique_ptr<Decompressor>> Decompressor::open(ByteSource& input) {
    std::unique_ptr<Decompressor> result(new Decompressor(input));
    for (const Compression method :
         {Compression::gzip, Compression::bzip2, Compression::xz, Compression::zstd})
        if (const AddFilter add = filter_for(method); is_built_in(add))
            result->handle_.support(add);
    if (const auto begun = result->begin(); !begun)
        return begun.error();
    return result;
}

Result<void> Decompressor::begin() {
    handle_.support(archive_read_support_format_raw);
    handle_.support(archive_read_support_format_empty);
    if (const auto opened = handle_.open(); !opened)
        return opened.error();
    // "raw" presents the unpacked data as one entry; empty data as none.
    archive_entry* entry = nullptr;
    const int status = archive_read_next_header(handle_.get(), &entry);
    if (status == ARCHIVE_EOF)
        empty_ = true;
    else if (status != ARCHIVE_OK)
        return handle_.error("can't be unpacked");
    return {};
}

Result<std::size_t> Decompressor::read(std::span<std::uint8_t> out) {
    if (empty_)
        return std::size_t{0};
    const la_ssize_t got = archive_read_data(handle_.get(), out.data(), out.size());
    if (got < 0)
        return handle_.error("can't be unpacked");
    return static_cast<std::size_t>(got);
}

Result<std::unique_ptr<TarReader>> TarReader::open(ByteSource& input) {
    std::unique_ptr<TarReader> result(new TarReader(input));
    result->handle_.support(archive_read_support_format_tar);
    result->handle_.support(archive_read_support_format_empty);
    if (const auto opened = result->handle_.open(); !opened)
        return opened.error();
    return result;
}

Result<std::optional<TarEntry>> TarReader::next() {
    archive_entry* entry = nullptr;
    // ARCHIVE_WARN: usable, for instance a UTF-8 name in a locale that has none; its bytes are
    // kept.
    switch (archive_read_next_header(handle_.get(), &entry)) {
        case ARCHIVE_EOF:
            return std::optional<TarEntry>();
        case ARCHIVE_OK:
        case ARCHIVE_WARN:
            return std::optional(to_tar_entry(entry));
        default:
            return handle_.error("no tar archive");
    }
}

Result<std::size_t> TarReader::Content::read(std::span<std::uint8_t> out) {
    const la_ssize_t got = archive_read_data(handle_.get(), out.data(), out.size());
    if (got < 0)
        return handle_.error("damaged tar archive");
    return static_cast<std::size_t>(got);
}

}  // namespace glovebox::eif
