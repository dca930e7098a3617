// SPDX-License-Identifier: Apache-2.0

#include "sim/eif/tree/cpio_node.h"

#include <fmt/core.h>

#include <algorithm>

#include "sim/eif/base/byte_source.h"
#include "sim/eif/base/error.h"

namespace glovebox::eif {
namespace {

Result<void> copy_content(const Content& content, const std::string& path, CpioWriter& cpio,
                          Progress& progress) {
    const auto source = content.open("/" + path);
    if (!source)
        return source.error();
    Bytes piece(piece_size);
    std::uint64_t left = content.size();
    while (left != 0) {
        const auto got = (*source)->read(std::span(piece).first(
            static_cast<std::size_t>(std::min<std::uint64_t>(left, piece_size))));
        if (!got)
            return got.error();
        if (*got == 0)
            return Error(EifError::changed_while_read,
                         fmt::format("/{} ended {} bytes early: build again when nothing writes to "
                                     "it",
                                     path, left));
        if (const auto written = cpio.write(BytesView(piece).first(*got)); !written)
            return written.error();
        progress.add(*got);
        left -= *got;
    }
    return {};
}

}  // namespace

Result<void> add_node_to(CpioWriter& cpio, CpioEntry entry, const Node& node,
                         const std::string& path, Progress& progress) {
    entry.uid = node.uid;
    entry.gid = node.gid;
    if (node.type == NodeType::symlink)
        return cpio.add(std::move(entry), as_bytes(node.target));
    if (node.type == NodeType::character_device || node.type == NodeType::block_device) {
        entry.rdev_major = node.device_major;
        entry.rdev_minor = node.device_minor;
    }
    if (node.content.size() > cpio_file_size_max)
        return Error(EifError::limit_exceeded,
                     fmt::format("/{} has {} bytes: a file in an initramfs has 4 GiB - 1 at most",
                                 path, node.content.size()));
    entry.size = static_cast<std::uint32_t>(node.content.size());
    if (const auto added = cpio.add(entry); !added)
        return added.error();
    return node.type == NodeType::file ? copy_content(node.content, path, cpio, progress)
                                       : Result<void>();
}

}  // namespace glovebox::eif
