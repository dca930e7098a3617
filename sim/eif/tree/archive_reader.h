// SPDX-License-Identifier: Apache-2.0

// libarchive behind two small interfaces: a decompressor, and a reader of tar archives. Only the
// formats named here are ever recognised, and no external program is run.
#pragma once

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "sim/eif/base/byte_source.h"

struct archive;

namespace glovebox::eif {

enum class Compression { none, gzip, bzip2, xz, lzma, lzo, lz4, zstd };
[[nodiscard]] std::string_view to_string(Compression compression);
// By the first two bytes, as the Linux kernel recognises the compression of an initramfs
// (lib/decompress.c); `none` if they are unknown.
[[nodiscard]] Compression compression_of(BytesView start);

namespace detail {

// A libarchive reader over a ByteSource, which outlives it. Remembers the source's own error.
class ArchiveHandle {
  public:
    explicit ArchiveHandle(ByteSource& input);
    ArchiveHandle(const ArchiveHandle&) = delete;
    ArchiveHandle& operator=(const ArchiveHandle&) = delete;

    [[nodiscard]] archive* get() const { return archive_.get(); }
    // Has it recognise a filter or a format, by one of libarchive's functions
    // archive_read_support_*.
    void support(int (*add)(archive*));
    [[nodiscard]] Result<void> open();
    // The error of the last libarchive call; the source's own error if that was the reason. Throws
    // std::bad_alloc if a lack of memory was.
    [[nodiscard]] Error error(const char* what) const;

  private:
    struct Free {
        void operator()(archive* handle) const;
    };
    [[nodiscard]] ssize_t read(const void** bytes);

    std::unique_ptr<archive, Free> archive_;
    ByteSource& input_;
    Bytes buffer_;
    std::optional<Error> input_error_;
    bool input_lacked_memory_ = false;
};

}  // namespace detail

// The unpacked form of `input`, which outlives the object.
class Decompressor final : public ByteSource {
  public:
    // EifError::unsupported if this machine's libarchive lacks the method.
    [[nodiscard]] static Result<std::unique_ptr<Decompressor>> open(ByteSource& input,
                                                                    Compression compression);
    // Recognises gzip, bzip2, xz and zstd by the data, and passes any other data on unchanged.
    [[nodiscard]] static Result<std::unique_ptr<Decompressor>> open(ByteSource& input);
    [[nodiscard]] Result<std::size_t> read(std::span<std::uint8_t> out) override;

  private:
    explicit Decompressor(ByteSource& input) : handle_(input) {}
    [[nodiscard]] Result<void> begin();
    detail::ArchiveHandle handle_;
    bool empty_ = false;
};

// One entry of a tar archive. Names are bytes as the archive has them: untrusted.
struct TarEntry {
    enum class Type {
        file,
        directory,
        symlink,
        hard_link,
        character_device,
        block_device,
        fifo,
        other
    };
    Type type = Type::other;
    std::string path;
    std::string link_target;        // of symbolic and hard links
    std::uint32_t permissions = 0;  // 07777
    std::int64_t uid = 0;
    std::int64_t gid = 0;
    std::int64_t mtime = 0;  // seconds since 1970
    std::uint64_t size = 0;
    std::uint32_t device_major = 0;
    std::uint32_t device_minor = 0;
    std::vector<std::string> xattrs;  // names of its extended attributes
};

// Reads an uncompressed tar archive (ustar, pax, GNU) from front to back. `input` outlives the
// reader. Errors are EifError::bad_archive.
class TarReader {
  public:
    [[nodiscard]] static Result<std::unique_ptr<TarReader>> open(ByteSource& input);
    // The next entry; empty at the end of the archive.
    [[nodiscard]] Result<std::optional<TarEntry>> next();
    // The content of the entry that next() returned last; holes of sparse files read as zeroes.
    [[nodiscard]] ByteSource& content() { return content_; }

  private:
    class Content final : public ByteSource {
      public:
        explicit Content(detail::ArchiveHandle& handle) : handle_(handle) {}
        [[nodiscard]] Result<std::size_t> read(std::span<std::uint8_t> out) override;

      private:
        detail::ArchiveHandle& handle_;
    };
    explicit TarReader(ByteSource& input) : handle_(input), content_(handle_) {}
    detail::ArchiveHandle handle_;
    Content content_;
};

}  // namespace glovebox::eif
