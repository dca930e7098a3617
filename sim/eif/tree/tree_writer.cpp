// SPDX-License-Identifier: Apache-2.0

#include "sim/eif/tree/tree_writer.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <map>

#include "core/base/clock.h"
#include "core/base/output_file.h"
#include "core/base/printable.h"
#include "core/base/unique_fd.h"
#include "sim/eif/base/byte_source.h"
#include "sim/eif/base/error.h"

namespace glovebox::eif {
namespace {

// Bytes from one report of progress to the next.
constexpr std::size_t progress_step = 1 << 20;

// `piece` is room for a piece of the content.
Result<void> write_file(const Node& node, const std::string& name,
                        const std::filesystem::path& path, Bytes& piece, Progress& progress) {
    const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                             (node.permissions & 0777) | 0600));
    if (!fd)
        return errno_error(path.string() + " can't be made", errno);
    if (const auto bytes = node.content.in_memory()) {
        for (BytesView rest = *bytes; !rest.empty();) {
            const BytesView next = rest.first(std::min(rest.size(), progress_step));
            if (const auto written = write_all(fd.get(), next, path); !written)
                return written.error();
            progress.add(next.size());
            rest = rest.subspan(next.size());
        }
        return {};
    }
    const auto source = node.content.open(name);
    if (!source)
        return source.error();
    for (;;) {
        const auto got = (*source)->read(piece);
        if (!got)
            return got.error();
        if (*got == 0)
            return {};
        if (const auto written = write_all(fd.get(), BytesView(piece).first(*got), path); !written)
            return written.error();
        progress.add(*got);
    }
}

char letter_of(NodeType type) {
    switch (type) {
        case NodeType::file:
            return '-';
        case NodeType::directory:
            return 'd';
        case NodeType::symlink:
            return 'l';
        case NodeType::character_device:
            return 'c';
        case NodeType::block_device:
            return 'b';
        case NodeType::fifo:
            return 'p';
    }
    return '?';
}

// Sets the attributes of all entries, the innermost first: a directory may become unreadable, and
// its time changes when something is made in it.
Result<void> set_attributes(const FileTree& tree, const std::filesystem::path& folder) {
    const bool may_give_away = ::geteuid() == 0;
    const auto& entries = tree.entries();
    for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
        const Node& node = *entry->second;
        if (node.type == NodeType::character_device || node.type == NodeType::block_device)
            continue;
        const std::string path = (folder / entry->first).string();
        if (may_give_away && ::lchown(path.c_str(), node.uid, node.gid) != 0)
            return errno_error(path + " can't be given its owner", errno);
        // Behind chown, which takes set-user-ID bits away.
        if (node.type != NodeType::symlink && ::chmod(path.c_str(), node.permissions) != 0)
            return errno_error(path + " can't be given its permissions", errno);
        const timespec time{static_cast<time_t>(node.mtime), 0};
        const timespec times[2] = {time, time};
        if (::utimensat(AT_FDCWD, path.c_str(), times, AT_SYMLINK_NOFOLLOW) != 0)
            return errno_error(path + " can't be given its time", errno);
    }
    return {};
}

}  // namespace

Result<void> write_tree(const FileTree& tree, const std::filesystem::path& folder, TreeUse use,
                        Progress& progress) {
    const bool exact = use == TreeUse::root_file_system;
    progress.begin("writing the files of", tree.content_size());
    std::map<const Node*, std::filesystem::path> written_files;
    Bytes piece(piece_size);
    for (const auto& [path, node] : tree.entries()) {
        progress.add(0);
        const std::filesystem::path target = folder / path;
        switch (node->type) {
            case NodeType::directory:
                if (::mkdir(target.c_str(), (node->permissions & 0777) | 0700) != 0)
                    return errno_error(target.string() + " can't be made", errno);
                break;
            case NodeType::symlink:
                if (::symlink(node->target.c_str(), target.c_str()) != 0)
                    return errno_error(target.string() + " can't be made", errno);
                break;
            case NodeType::file: {
                const auto [first, is_first] = written_files.try_emplace(node.get(), target);
                if (exact && !is_first) {
                    if (::link(first->second.c_str(), target.c_str()) != 0)
                        return errno_error(target.string() + " can't be linked", errno);
                    break;
                }
                if (const auto written = write_file(*node, "/" + path, target, piece, progress);
                    !written)
                    return written.error();
                break;
            }
            case NodeType::fifo:
                if (exact && ::mkfifo(target.c_str(), 0600) != 0)
                    return errno_error(target.string() + " can't be made", errno);
                break;
            default:
                break;
        }
    }
    progress.end();
    return exact ? set_attributes(tree, folder) : Result<void>();
}

std::string listing_of(const FileTree& tree) {
    std::string text;
    for (const auto& [path, node] : tree.entries()) {
        const bool device =
            node->type == NodeType::character_device || node->type == NodeType::block_device;
        const std::string size = device
                                     ? fmt::format("{},{}", node->device_major, node->device_minor)
                                     : std::to_string(node->content.size());
        const std::string time = format_time(TimePoint(std::chrono::seconds(node->mtime)));
        text += fmt::format("{}{:04o} {}:{} {} {} {}", letter_of(node->type), node->permissions,
                            node->uid, node->gid, size, time, printable(path));
        if (node->type == NodeType::symlink)
            text += " -> " + printable(node->target);
        text += '\n';
    }
    return text;
}

}  // namespace glovebox::eif
