// SPDX-License-Identifier: Apache-2.0

// A file's bytes, wherever they lie: in memory, in a part of an open file, or in a folder of this
// machine. Copies share what they refer to.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <variant>

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/unique_fd.h"
#include "sim/eif/base/byte_source.h"

namespace glovebox::eif {

class Content {
  public:
    Content() = default;  // empty
    [[nodiscard]] static Content of(std::string_view text);
    // `bytes` outlive every copy.
    [[nodiscard]] static Content view(BytesView bytes);
    [[nodiscard]] static Content part_of(std::shared_ptr<const UniqueFd> file, std::uint64_t offset,
                                         std::uint64_t size);
    // A file below an open folder, opened only when it is read: there may be more of them than
    // descriptors. It has to be the very file (device and inode) of that size that was seen before.
    struct Identity {
        std::uint64_t device;
        std::uint64_t inode;
        std::uint64_t size;
    };
    [[nodiscard]] static Content below(std::shared_ptr<const UniqueFd> folder, std::string path,
                                       Identity identity);

    [[nodiscard]] std::uint64_t size() const { return size_; }
    // Gives exactly size() bytes, or an error. `name` is for sentences.
    [[nodiscard]] Result<std::unique_ptr<ByteSource>> open(const std::string& name) const;
    // The first bytes, `size` at the most.
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
