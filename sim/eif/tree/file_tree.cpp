// SPDX-License-Identifier: Apache-2.0

#include "sim/eif/tree/file_tree.h"

#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <deque>
#include <vector>

#include "sim/eif/base/error.h"

namespace glovebox::eif {
namespace {

constexpr std::size_t name_max = 255;
constexpr std::size_t path_max = 4000;  // room for a prefix below the kernel's 4096
constexpr int links_followed_max = 40;  // as the kernel

std::deque<std::string> components_of(std::string_view path) {
    std::deque<std::string> parts;
    for (std::size_t at = 0; at <= path.size();) {
        const std::size_t end = std::min(path.find('/', at), path.size());
        if (end != at)
            parts.emplace_back(path.substr(at, end - at));
        at = end + 1;
    }
    return parts;
}

std::string parent_of(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string_view::npos ? std::string() : std::string(path.substr(0, slash));
}

std::string_view name_of(std::string_view path) {
    return path.substr(path.rfind('/') + 1);
}

std::string join(std::string_view folder, std::string_view name) {
    return folder.empty() ? std::string(name) : fmt::format("{}/{}", folder, name);
}

// Steps from a folder towards what a link names: "/..." starts at the root.
void follow(const std::string& target, std::string& current, std::deque<std::string>& rest) {
    if (target.starts_with('/'))
        current.clear();
    const auto parts = components_of(target);
    rest.insert(rest.begin(), parts.begin(), parts.end());
}

}  // namespace

std::uint32_t mode_bits(NodeType type) {
    switch (type) {
        case NodeType::file:
            return S_IFREG;
        case NodeType::directory:
            return S_IFDIR;
        case NodeType::symlink:
            return S_IFLNK;
        case NodeType::character_device:
            return S_IFCHR;
        case NodeType::block_device:
            return S_IFBLK;
        case NodeType::fifo:
            return S_IFIFO;
    }
    return 0;
}

std::string_view to_string(NodeType type) {
    switch (type) {
        case NodeType::file:
            return "file";
        case NodeType::directory:
            return "directory";
        case NodeType::symlink:
            return "symbolic link";
        case NodeType::character_device:
            return "character device";
        case NodeType::block_device:
            return "block device";
        case NodeType::fifo:
            return "FIFO";
    }
    return "node";
}

Result<void> TreeBudget::spend_entry(std::string_view path, std::string_view target) {
    ++entries_;
    names_ += path.size() + target.size();
    if (entries_ > limits_.entries_max)
        return Error(EifError::limit_exceeded,
                     fmt::format("more than {} files and directories", limits_.entries_max));
    if (names_ > limits_.names_max)
        return Error(EifError::limit_exceeded,
                     fmt::format("paths and link targets of more than {} bytes together",
                                 limits_.names_max));
    return {};
}

Result<void> TreeBudget::spend_content(std::uint64_t size) {
    if (size > limits_.content_max - std::min(content_, limits_.content_max))
        return Error(EifError::limit_exceeded,
                     fmt::format("files of more than {} bytes together (--max-size of glovebox eif "
                                 "allows more)",
                                 limits_.content_max));
    content_ += size;
    return {};
}

Result<std::string> canonical_path(std::string_view raw) {
    const auto unsafe = [raw](const std::string& why) {
        constexpr std::size_t shown_max = 200;
        return Error(EifError::unsafe_path,
                     fmt::format("\"{}\": {}", raw.substr(0, shown_max), why));
    };
    if (raw.find('\0') != std::string_view::npos)
        return unsafe("a path with a NUL");
    std::string path;
    for (const std::string& name : components_of(raw)) {
        if (name == ".")
            continue;
        if (name == "..")
            return unsafe("\"..\" would lead out of the tree");
        if (name.size() > name_max)
            return unsafe(fmt::format("a name of more than {} bytes", name_max));
        path = join(path, name);
        if (path.size() > path_max)
            return unsafe(fmt::format("a path of more than {} bytes", path_max));
    }
    return path;
}

std::uint64_t FileTree::content_size() const {
    std::uint64_t size = 0;
    for (const auto& [path, node] : entries_)
        size += node->content.size();
    return size;
}

FileTree::NodePtr FileTree::find(std::string_view path) const {
    const auto found = entries_.find(path);
    return found == entries_.end() ? nullptr : found->second;
}

std::optional<std::string> FileTree::resolve(std::string_view path) const {
    std::string current;
    std::deque<std::string> rest = components_of(path);
    int links = 0;
    while (!rest.empty()) {
        const std::string name = std::move(rest.front());
        rest.pop_front();
        if (name == ".")
            continue;
        if (name == "..") {
            current = parent_of(current);
            continue;
        }
        const std::string next = join(current, name);
        const NodePtr node = find(next);
        if (!node)
            return std::nullopt;
        if (node->type == NodeType::symlink) {
            if (++links > links_followed_max)
                return std::nullopt;
            follow(node->target, current, rest);
            continue;
        }
        if (node->type != NodeType::directory && !rest.empty())
            return std::nullopt;
        current = next;
    }
    return current;
}

FileTree::NodePtr FileTree::locate(std::string_view path) const {
    const auto parent = resolve(parent_of(path));
    return parent ? find(join(*parent, name_of(path))) : nullptr;
}

// The canonical path of the parent of `path`, which is made as far as it is missing.
Result<std::string> FileTree::make_parents(std::string_view path, TreeBudget* budget) {
    std::string current;
    std::deque<std::string> rest = components_of(parent_of(path));
    int links = 0;
    while (!rest.empty()) {
        const std::string name = std::move(rest.front());
        rest.pop_front();
        if (name == ".")
            continue;
        if (name == "..") {
            current = parent_of(current);
            continue;
        }
        std::string next = join(current, name);
        if (next.size() > path_max)
            return Error(
                EifError::unsafe_path,
                fmt::format("{}: its links make a path of more than {} bytes", path, path_max));
        const auto found = entries_.find(next);
        if (found == entries_.end()) {
            if (budget != nullptr)
                if (const auto spent = budget->spend_entry(next); !spent)
                    return spent.error();
            auto folder = std::make_shared<Node>();
            folder->type = NodeType::directory;
            folder->permissions = 0755;
            folder->implied = true;
            entries_.emplace(next, std::move(folder));
        } else if (found->second->type == NodeType::symlink) {
            if (++links > links_followed_max)
                return Error(EifError::unsafe_path,
                             fmt::format("{}: too many symbolic links on its way", path));
            follow(found->second->target, current, rest);
            continue;
        } else if (found->second->type != NodeType::directory) {
            return Error(EifError::unsafe_path,
                         fmt::format("{}: {} on its way is a {}, not a directory", path, next,
                                     to_string(found->second->type)));
        }
        current = std::move(next);
    }
    return current;
}

Result<void> FileTree::put(std::string_view path, NodePtr node, TreeBudget* budget) {
    if (path.empty())
        return {};  // the root itself
    if (budget != nullptr)
        if (const auto spent = budget->spend_entry(path, node->target); !spent)
            return spent.error();
    const auto parent = make_parents(path, budget);
    if (!parent)
        return parent.error();
    const std::string place = join(*parent, name_of(path));
    const auto found = entries_.find(place);
    if (found == entries_.end()) {
        entries_.emplace(place, std::move(node));
        return {};
    }
    if (found->second->type == NodeType::directory && node->type != NodeType::directory)
        remove_children(place);
    found->second = std::move(node);
    return {};
}

void FileTree::remove(std::string_view path) {
    remove_children(path);
    if (const auto found = entries_.find(path); found != entries_.end())
        entries_.erase(found);
}

void FileTree::remove_children(std::string_view path) {
    if (path.empty()) {
        entries_.clear();
        return;
    }
    // '0' is the byte behind '/': all paths between begin with "path/".
    entries_.erase(entries_.lower_bound(std::string(path) + '/'),
                   entries_.lower_bound(std::string(path) + '0'));
}

std::string relative_to(std::string_view path, std::string_view from_file) {
    std::deque<std::string> to = components_of(path);
    std::deque<std::string> from = components_of(parent_of(from_file));
    while (!to.empty() && !from.empty() && to.front() == from.front()) {
        to.pop_front();
        from.pop_front();
    }
    std::string relative;
    for (std::size_t i = 0; i < from.size(); ++i)
        relative += "../";
    for (const std::string& name : to)
        relative += name + "/";
    relative.pop_back();
    return relative;
}

}  // namespace glovebox::eif
