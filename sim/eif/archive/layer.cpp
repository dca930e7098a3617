// SPDX-License-Identifier: Apache-2.0

#include "sim/eif/archive/layer.h"

#include <fmt/core.h>

#include <algorithm>
#include <limits>

#include "sim/eif/base/error.h"

namespace glovebox::eif {
namespace {

constexpr std::string_view whiteout_prefix = ".wh.";
constexpr std::string_view opaque_mark = ".wh..wh..opq";
constexpr std::string_view aufs_prefix = ".wh..wh.";  // aufs's own files, of no meaning to others

std::string_view folder_of(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

std::string join(std::string_view folder, std::string_view name) {
    return folder.empty() ? std::string(name) : fmt::format("{}/{}", folder, name);
}

Result<std::uint32_t> owner(std::int64_t id, const std::string& where) {
    if (id < 0 || id > std::numeric_limits<std::uint32_t>::max())
        return Error(EifError::bad_archive,
                     fmt::format("{}: owner {} is outside of 0 to 4294967295", where, id));
    return static_cast<std::uint32_t>(id);
}

NodeType node_type(TarEntry::Type type) {
    switch (type) {
        case TarEntry::Type::directory:
            return NodeType::directory;
        case TarEntry::Type::symlink:
            return NodeType::symlink;
        case TarEntry::Type::character_device:
            return NodeType::character_device;
        case TarEntry::Type::block_device:
            return NodeType::block_device;
        case TarEntry::Type::fifo:
            return NodeType::fifo;
        default:
            return NodeType::file;
    }
}

Result<FileTree::NodePtr> node_of(const TarEntry& entry, const std::string& where,
                                  TarReader& reader, Spool& spool, TreeBudget& budget) {
    auto node = std::make_shared<Node>();
    node->type = node_type(entry.type);
    node->permissions = entry.type == TarEntry::Type::symlink ? 0777 : entry.permissions;
    const auto uid = owner(entry.uid, where);
    const auto gid = owner(entry.gid, where);
    if (!uid || !gid)
        return !uid ? uid.error() : gid.error();
    node->uid = *uid;
    node->gid = *gid;
    node->mtime = entry.mtime;
    if (node->type == NodeType::symlink && entry.link_target.size() > link_target_max)
        return Error(EifError::bad_archive, fmt::format("{}: a symbolic link to a path of {} bytes",
                                                        where, entry.link_target.size()));
    node->target = entry.link_target;
    node->device_major = entry.device_major;
    node->device_minor = entry.device_minor;
    node->has_capabilities = std::find(entry.xattrs.begin(), entry.xattrs.end(),
                                       "security.capability") != entry.xattrs.end();
    if (node->type == NodeType::file) {
        auto content = spool.take(reader.content(), budget);
        if (!content)
            return Error(content.error()).in(where);
        node->content = std::move(*content);
    }
    return node;
}

}  // namespace

Result<Layer> Layer::read(ByteSource& tar, const std::string& name, Spool& spool,
                          TreeBudget& budget, std::vector<std::string>& warnings) {
    Layer layer;
    layer.name_ = name;
    const auto reader = TarReader::open(tar);
    if (!reader)
        return Error(reader.error()).in(name);
    for (;;) {
        const auto next = (*reader)->next();
        if (!next)
            return Error(next.error()).in(name);
        if (!*next)
            break;
        const TarEntry& entry = **next;
        const auto path = canonical_path(entry.path);
        if (!path)
            return Error(path.error()).in(name);
        if (path->empty())
            continue;  // the root's own attributes: the builder sets them
        const std::string where = fmt::format("{}, {}", name, *path);

        const std::string_view last = std::string_view(*path).substr(path->rfind('/') + 1);
        if (last == opaque_mark) {
            if (const auto spent = budget.spend_entry(*path); !spent)
                return Error(spent.error()).in(name);
            layer.opaque_.emplace_back(folder_of(*path));
            continue;
        }
        if (last.starts_with(aufs_prefix))
            continue;
        if (last.starts_with(whiteout_prefix)) {
            const std::string_view gone = last.substr(whiteout_prefix.size());
            if (gone.empty() || gone == "." || gone == "..")
                return Error(EifError::unsafe_path, where + ": a whiteout of no name");
            if (const auto spent = budget.spend_entry(*path); !spent)
                return Error(spent.error()).in(name);
            layer.whiteouts_.push_back(join(folder_of(*path), gone));
            continue;
        }

        if (entry.type == TarEntry::Type::other) {
            if (const auto spent = budget.spend_entry(*path); !spent)
                return Error(spent.error()).in(name);
            warnings.push_back("/" + *path + " is of a kind that no image carries and is left out");
            continue;
        }
        FileTree::NodePtr node;
        if (entry.type == TarEntry::Type::hard_link) {
            const auto target = canonical_path(entry.link_target);
            if (!target)
                return Error(target.error()).in(where + ", hard link to");
            node = layer.tree_.locate(*target);
            if (!node) {
                if (const auto spent = budget.spend_entry(*path, *target); !spent)
                    return Error(spent.error()).in(name);
                layer.links_below_.push_back({*path, *target});
                continue;
            }
            if (node->type == NodeType::directory)
                return Error(EifError::bad_archive,
                             fmt::format("{}: a hard link to the directory {}", where, *target));
        } else {
            auto made = node_of(entry, where, **reader, spool, budget);
            if (!made)
                return made.error();
            node = std::move(*made);
        }
        if (const auto put = layer.tree_.put(*path, std::move(node), &budget); !put)
            return Error(put.error()).in(name);
    }
    return layer;
}

Result<void> Layer::apply_to(FileTree& below) const {
    // Hard links refer to the tree below as it was before this layer.
    std::vector<std::pair<std::string, FileTree::NodePtr>> links;
    for (const LinkBelow& link : links_below_) {
        FileTree::NodePtr node = below.locate(link.target);
        if (!node || node->type == NodeType::directory)
            return Error(
                EifError::bad_archive,
                fmt::format("{}, {}: a hard link to {}, which is not a file of this layer or "
                            "one below",
                            name_, link.path, link.target));
        links.emplace_back(link.path, std::move(node));
    }
    for (const std::string& folder : opaque_)
        below.remove_children(folder);
    for (const std::string& path : whiteouts_)
        below.remove(path);

    for (const auto& [path, node] : tree_.entries()) {
        const FileTree::NodePtr there = below.find(path);
        // A parent that the archive does not list keeps the attributes that it has below.
        if (node->implied && there && there->type == NodeType::directory)
            continue;
        // As on an overlay, a directory of this layer replaces a link below; it is not merged with
        // the link's target.
        if (there && there->type != NodeType::directory)
            below.remove(path);
        if (const auto put = below.put(path, node); !put)
            return Error(put.error()).in(name_);
    }
    for (auto& [path, node] : links)
        if (const auto put = below.put(path, std::move(node)); !put)
            return Error(put.error()).in(name_);
    return {};
}

}  // namespace glovebox::eif
