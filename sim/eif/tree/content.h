// SPDX-License-Identifier: Apache-2.0

// The bytes of a file, wherever they are: in memory, in a part of an open file, or in a folder of
// this machine. Copies share the place.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/unique_fd.h"
#include "sim/eif/base/byte_source.h"

namespace glovebox::eif {

class Content {
  public:
    Content() = default;  // no bytes
    // A copy of the text.
    [[nodiscard]] static Content of(std::string_view text);
    // The caller's bytes, which outlive every copy.
    [[nodiscard]] static Content view(BytesView bytes);
    // `size` bytes from byte `offset` of an open file. Every copy shares the descriptor.
    [[nodiscard]] static Content part_of(std::shared_ptr<const UniqueFd> file, std::uint64_t offset,
                                         std::uint64_t size);
    // A file below an open folder. It is opened only when it is read, since there may be more files
    // than descriptors, and has to be the file (device and inode) and size that were seen before.
    struct Identity {
        std::uint64_t device;
        std::uint64_t inode;
        std::uint64_t size;
    };
    [[nodiscard]] static Content below(std::shared_ptr<const UniqueFd> folder, std::string path,
                                       Identity identity);

    [[nodiscard]] std::uint64_t size() const { return size_; }
    // A source of exactly size() bytes. The Content outlives it. An error if a file below a folder
    // has changed (EifError::changed_while_read). `name` is for error messages.
    [[nodiscard]] Result<std::unique_ptr<ByteSource>> open(const std::string& name) const;
    // The bytes, where they are in memory.
    [[nodiscard]] std::optional<BytesView> in_memory() const;
    // The first bytes, at most `size`.
    [[nodiscard]] Result<Bytes> head(std::size_t size, const std::string& name) const;

  private:
    struct Part {
        std::shared_ptr<const UniqueFd> file;
        std::uint64_t offset;
    };
    struct Below {
        std::shared_ptr<const UniqueFd> folder;
        std::string path;
        Identity identity;
    };
    std::variant<std::shared_ptr<const Bytes>, BytesView, Part, Below> where_ = BytesView{};
    std::uint64_t size_ = 0;
};

}  // namespace glovebox::eif
