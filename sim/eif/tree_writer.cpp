#include "sim/eif/tree_writer.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

#include "core/base/clock.h"
#include "core/base/unique_fd.h"
#include "sim/eif/error.h"
#include "sim/eif/output_file.h"

namespace glovebox::eif {
namespace {

constexpr std::size_t piece_size = 64 << 10;

Result<void> write_file(const Node& node, const std::string& name,
                        const std::filesystem::path& path) {
    const auto source = node.content.open(name);
    if (!source)
        return source.error();
    const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                             (node.permissions & 0777) | 0600));
    if (!fd)
        return errno_error(path.string() + " can't be made", errno);
    Bytes piece(piece_size);
    for (;;) {
        const auto got = (*source)->read(piece);
        if (!got)
            return got.error();
        if (*got == 0)
            return {};
        if (const auto written = write_all(fd.get(), BytesView(piece).first(*got), path); !written)
            return written.error();
    }
}

// Nothing but printable characters: names come from foreign images.
std::string shown(std::string_view text) {
    std::string clean;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7f || c == '\\')
            clean += fmt::format("\\x{:02x}", byte);
        else
            clean += c;
    }
    return clean;
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

}  // namespace

Result<void> write_tree(const FileTree& tree, const std::filesystem::path& folder) {
    for (const auto& [path, node] : tree.entries()) {
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
            case NodeType::file:
                if (const auto written = write_file(*node, "/" + path, target); !written)
                    return written.error();
                break;
            default:
                break;
        }
    }
    return {};
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
                            node->uid, node->gid, size, time, shown(path));
        if (node->type == NodeType::symlink)
            text += " -> " + shown(node->target);
        text += '\n';
    }
    return text;
}

}  // namespace glovebox::eif
