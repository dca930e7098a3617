// SPDX-License-Identifier: Apache-2.0

#include "sim/eif/tree/content.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include "sim/eif/base/error.h"

namespace glovebox::eif {
namespace {

// A file that this object opened itself.
class OwnFileSource final : public ByteSource {
  public:
    OwnFileSource(UniqueFd fd, std::uint64_t size, const std::string& name)
        : fd_(std::move(fd)), source_(fd_.get(), 0, size, name) {}
    Result<std::size_t> read(std::span<std::uint8_t> out) override { return source_.read(out); }

  private:
    UniqueFd fd_;
    FileSource source_;
};

}  // namespace

Content Content::of(std::string_view text) {
    const BytesView bytes = as_bytes(text);
    Content content;
    content.where_ = std::make_shared<const Bytes>(bytes.begin(), bytes.end());
    content.size_ = bytes.size();
    return content;
}

Content Content::view(BytesView bytes) {
    Content content;
    content.where_ = bytes;
    content.size_ = bytes.size();
    return content;
}

Content Content::part_of(std::shared_ptr<const UniqueFd> file, std::uint64_t offset,
                         std::uint64_t size) {
    Content content;
    content.where_ = Part{std::move(file), offset};
    content.size_ = size;
    return content;
}

Content Content::below(std::shared_ptr<const UniqueFd> folder, std::string path,
                       Identity identity) {
    Content content;
    content.where_ = Below{std::move(folder), std::move(path), identity};
    content.size_ = identity.size;
    return content;
}

std::optional<BytesView> Content::in_memory() const {
    if (const auto* bytes = std::get_if<std::shared_ptr<const Bytes>>(&where_))
        return BytesView(**bytes);
    if (const auto* view = std::get_if<BytesView>(&where_))
        return *view;
    return std::nullopt;
}

Result<std::unique_ptr<ByteSource>> Content::open(const std::string& name) const {
    using Source = std::unique_ptr<ByteSource>;
    if (const auto bytes = in_memory())
        return Source(std::make_unique<MemorySource>(*bytes));
    if (const auto* part = std::get_if<Part>(&where_))
        return Source(std::make_unique<FileSource>(part->file->get(), part->offset, size_, name));
    const Below& below = std::get<Below>(where_);
    UniqueFd fd(::openat(below.folder->get(), below.path.c_str(),
                         O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (!fd)
        return errno_error(name + " can't be read", errno);
    struct stat status {};
    if (::fstat(fd.get(), &status) != 0)
        return errno_error(name + " can't be examined", errno);
    if (status.st_dev != below.identity.device || status.st_ino != below.identity.inode ||
        static_cast<std::uint64_t>(status.st_size) != below.identity.size)
        return Error(EifError::changed_while_read,
                     name +
                         " changed while the image was built: build again when nothing writes "
                         "to the folder");
    return Source(std::make_unique<OwnFileSource>(std::move(fd), size_, name));
}

Result<Bytes> Content::head(std::size_t size, const std::string& name) const {
    const auto source = open(name);
    if (!source)
        return source.error();
    Bytes bytes(static_cast<std::size_t>(std::min<std::uint64_t>(size, size_)));
    const auto got = read_full(**source, bytes);
    if (!got)
        return got.error();
    bytes.resize(*got);
    return bytes;
}

}  // namespace glovebox::eif
