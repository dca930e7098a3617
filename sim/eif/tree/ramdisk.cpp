// SPDX-License-Identifier: Apache-2.0

#include "sim/eif/tree/ramdisk.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <map>
#include <tuple>

#include "core/base/printable.h"
#include "sim/eif/base/error.h"
#include "sim/eif/base/progress_source.h"

namespace glovebox::eif {
namespace {

// The rest of a ramdisk entry's content as a source.
class EntrySource final : public ByteSource {
  public:
    explicit EntrySource(RamdiskReader& reader) : reader_(reader) {}
    Result<std::size_t> read(std::span<std::uint8_t> out) override { return reader_.read(out); }

  private:
    RamdiskReader& reader_;
};

std::optional<NodeType> type_of(std::uint32_t mode) {
    switch (mode & S_IFMT) {
        case S_IFREG:
            return NodeType::file;
        case S_IFDIR:
            return NodeType::directory;
        case S_IFLNK:
            return NodeType::symlink;
        case S_IFCHR:
            return NodeType::character_device;
        case S_IFBLK:
            return NodeType::block_device;
        case S_IFIFO:
            return NodeType::fifo;
        default:
            return std::nullopt;  // the kernel makes nothing of it, sockets included
    }
}

// What libarchive reads and no kernel: lib/decompress.c knows lz4's old form alone, and its xz no
// check but CRC32 (lib/xz/xz_dec_stream.c).
std::string_view why_no_kernel_reads(BytesView packed, Compression compression) {
    if (compression == Compression::lz4 && packed[0] == 0x04)
        return "lz4's frame form; a kernel reads the old one: lz4 -l";
    constexpr std::size_t check_at = 7;  // of the stream header, behind magic and a zero byte
    constexpr std::uint8_t no_check = 0, crc32 = 1;
    if (compression == Compression::xz && packed.size() > check_at &&
        packed[check_at] != no_check && packed[check_at] != crc32)
        return "xz with another check than CRC32, which a kernel does not read: xz --check=crc32";
    return {};
}

// Folders that a kernel's own first archive has (usr/default_cpio_list).
bool is_there_before(std::string_view folder) {
    return folder.empty() || folder == "dev" || folder == "root";
}

}  // namespace

std::string LeftOut::sentence() const {
    return fmt::format(
        "the kernel skips {} of the ramdisks' entries, because no earlier entry makes their "
        "folder: {}{}",
        count_, printable(fmt::format("{}", fmt::join(first_, ", "))),
        count_ > first_.size() ? ", ..." : "");
}

RamdiskReader::RamdiskReader(BytesView ramdisk, Progress& progress)
    : ramdisk_(ramdisk),
      progress_(progress),
      raw_(std::make_unique<ProgressSource>(std::make_unique<MemorySource>(ramdisk), progress)) {
    cpio_ = std::make_unique<CpioReader>(*raw_);
}

Result<std::optional<CpioEntry>> RamdiskReader::next() {
    auto entry = cpio_->next();
    if (!entry || *entry || !cpio_->stopped_at_other_data())
        return entry;
    const auto junk = [this](std::string_view what) {
        return Error(
            EifError::bad_ramdisk,
            fmt::format("byte {}{}: {}", cpio_->position(),
                        compression_ == Compression::none ? "" : " of the unpacked data", what));
    };
    if (compression_ != Compression::none)
        return junk("neither a cpio archive nor its end");
    const BytesView rest = ramdisk_.subspan(static_cast<std::size_t>(cpio_->position()));
    const Compression packed = compression_of(rest);
    if (packed == Compression::none)
        return junk(
            "neither a cpio archive of the newc form nor one of the compressions that kernels know "
            "(gzip, bzip2, lzma, xz, lzo, lz4)");
    if (const auto why = why_no_kernel_reads(rest, packed); !why.empty())
        return junk(why);
    raw_ = std::make_unique<ProgressSource>(std::make_unique<MemorySource>(rest), progress_);
    auto unpacked = Decompressor::open(*raw_, packed);
    if (!unpacked)
        return Error(unpacked.error()).in(to_string(packed));
    unpacked_ = std::move(*unpacked);
    compression_ = packed;
    cpio_ = std::make_unique<CpioReader>(*unpacked_);
    return next();
}

Result<std::size_t> RamdiskReader::read(std::span<std::uint8_t> out) {
    return cpio_->read(out);
}

std::optional<BytesView> RamdiskReader::plain_content(const CpioEntry& entry) const {
    if (compression_ != Compression::none)
        return std::nullopt;
    const std::uint64_t at = cpio_->position();
    if (at > ramdisk_.size() || ramdisk_.size() - at < entry.size)
        return std::nullopt;  // cut off: reading it gives the error
    return ramdisk_.subspan(static_cast<std::size_t>(at), entry.size);
}

Result<void> unpack_ramdisk(BytesView ramdisk, const std::string& name, FileTree& tree,
                            Spool& spool, TreeBudget& budget, Progress& progress,
                            LeftOut* left_out) {
    RamdiskReader reader(ramdisk, progress);
    // The kernel's key for hard links; only entries with a count above one are looked up.
    std::map<std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>, FileTree::NodePtr> links;
    for (;;) {
        auto next = reader.next();
        if (!next)
            return Error(next.error()).in(name);
        if (!*next)
            return {};
        const CpioEntry& entry = **next;
        const auto path = canonical_path(entry.name);
        if (!path)
            return Error(path.error()).in(name);
        const std::string where = fmt::format("{}, {}", name, *path);

        const auto type = type_of(entry.mode);
        if (!type)
            continue;
        const bool is_linked = *type == NodeType::file && entry.nlink > 1;
        const std::tuple link(entry.ino, entry.device_major, entry.device_minor);
        // The kernel creates no missing folders: it skips the entry without a message, and every
        // further name of the same file, which it would link to that one.
        const std::string folder = path->substr(0, std::min(path->rfind('/'), path->size()));
        const bool has_folder =
            path->find('/') == path->npos || is_there_before(folder) || tree.resolve(folder);
        const auto first = is_linked ? links.find(link) : links.end();
        if (!has_folder || (first != links.end() && first->second == nullptr)) {
            if (is_linked)
                links.try_emplace(link, nullptr);
            if (left_out != nullptr)
                left_out->add(*path);
            continue;
        }

        auto node = std::make_shared<Node>();
        node->type = *type;
        node->permissions = entry.mode & 07777;
        node->uid = entry.uid;
        node->gid = entry.gid;
        node->mtime = entry.mtime;
        node->device_major = entry.rdev_major;
        node->device_minor = entry.rdev_minor;
        EntrySource source(reader);
        if (*type == NodeType::symlink) {
            if (entry.size > link_target_max)
                return Error(
                    EifError::bad_ramdisk,
                    fmt::format("{}: a symbolic link to a path of {} bytes", where, entry.size));
            Bytes target(entry.size);
            const auto got = read_full(source, target);
            if (!got)
                return Error(got.error()).in(where);
            node->target = as_text(target);
        } else if (*type == NodeType::file) {
            if (const auto plain = reader.plain_content(entry)) {
                if (const auto spent = budget.spend_content(entry.size); !spent)
                    return Error(spent.error()).in(where);
                node->content = Content::view(*plain);
            } else {
                auto content = spool.take(source, budget);
                if (!content)
                    return Error(content.error()).in(where);
                node->content = std::move(*content);
            }
            if (is_linked) {
                const auto& named = links.try_emplace(link, node).first->second;
                // The content comes with one of the names, usually the last.
                if (entry.size != 0)
                    named->content = node->content;
                node = named;
            }
        }
        if (const auto put = tree.put(*path, std::move(node), &budget); !put)
            return Error(put.error()).in(name);
    }
}

}  // namespace glovebox::eif
