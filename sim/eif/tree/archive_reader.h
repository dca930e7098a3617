// SPDX-License-Identifier: Apache-2.0

// libarchive behind two small faces: a decompressor, and a reader of tar archives. Only what is
// named here is ever recognised, and no external program is run.
#pragma once

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
// By the first bytes, as the Linux kernel tells what an initramfs is packed with.
[[nodiscard]] Compression compression_of(BytesView start);

namespace detail {

// A libarchive reader that draws from a ByteSource and remembers the source's own error.
class ArchiveHandle {
  public:
    explicit ArchiveHandle(ByteSource& input);
    ArchiveHandle(const ArchiveHandle&) = delete;
    ArchiveHandle& operator=(const ArchiveHandle&) = delete;
    ~ArchiveHandle();

    [[nodiscard]] archive* get() const { return archive_; }
    [[nodiscard]] Result<void> open();
    // The failure of the last libarchive call.
    [[nodiscard]] Error error(const char* what) const;

  private:
    archive* archive_;
    ByteSource& input_;
    Bytes buffer_;
    std::optional<Error> input_error_;
};

}  // namespace detail

// `input`, unpacked.
class Decompressor final : public ByteSource {
  public:
    // An error when this machine's libarchive lacks the method. `input` outlives the object.
    [[nodiscard]] static Result<std::unique_ptr<Decompressor>> open(ByteSource& input,
                                                                    Compression compression);
    // By the data itself: gzip, bzip2, xz, zstd or none of them.
    [[nodiscard]] static Result<std::unique_ptr<Decompressor>> open(ByteSource& input);
    [[nodiscard]] Result<std::size_t> read(std::span<std::uint8_t> out) override;

  private:
    explicit Decompressor(ByteSource& input) : handle_(input) {}
    [[nodiscard]] Result<void> begin();
    detail::ArchiveHandle handle_;
    bool empty_ = false;
};

// One entry of a tar archive. Names are bytes as they stand in the archive, and not to be trusted.
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
    std::string link_target;        // of symlinks and hard links
    std::uint32_t permissions = 0;  // 07777
    std::int64_t uid = 0;
    std::int64_t gid = 0;
    std::int64_t mtime = 0;
    std::uint64_t size = 0;
    std::uint32_t device_major = 0;
    std::uint32_t device_minor = 0;
    std::vector<std::string> xattrs;  // their names
};

// Reads an uncompressed tar archive (ustar, pax, GNU) from front to back.
class TarReader {
  public:
    [[nodiscard]] static Result<std::unique_ptr<TarReader>> open(ByteSource& input);
    // The next entry, or nothing at the end.
    [[nodiscard]] Result<std::optional<TarEntry>> next();
    // The content of the entry that next() gave last; holes of sparse files read as zeroes.
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
