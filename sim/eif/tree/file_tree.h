// SPDX-License-Identifier: Apache-2.0

// A root file system as a value: names, attributes, and where the contents are. Nothing of it is
// created on this machine. So owners and device nodes need no privilege, and no name in a foreign
// archive leads outside the tree.
//
// Paths are relative to the root of the tree ("usr/bin/env"), sorted by their bytes, and canonical:
// every parent is a directory of the tree, never a symbolic link. The root itself has no entry.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/error.h"
#include "sim/eif/tree/content.h"

namespace glovebox::eif {

enum class NodeType { file, directory, symlink, character_device, block_device, fifo };
// The type's bits of st_mode.
[[nodiscard]] std::uint32_t mode_bits(NodeType type);
[[nodiscard]] std::string_view to_string(NodeType type);

struct Node {
    NodeType type = NodeType::file;
    std::uint32_t permissions = 0;  // 07777
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::int64_t mtime = 0;  // seconds since 1970
    Content content;         // of files
    std::string target;      // of symbolic links, unchanged
    std::uint32_t device_major = 0;
    std::uint32_t device_minor = 0;
    bool has_capabilities = false;  // security.capability, which no cpio archive can carry
    // The directory was made only as the parent of an entry, so it has no attributes of its own.
    bool implied = false;

    [[nodiscard]] std::uint32_t mode() const { return mode_bits(type) | permissions; }
};

// Limits for one tree, so that a hostile archive ends in an error and not in a full disk or no
// memory.
struct TreeLimits {
    std::uint64_t entries_max = 1'000'000;
    std::uint64_t content_max = std::uint64_t{8} << 30;  // bytes of all files together
    std::uint64_t names_max = 256 << 20;  // bytes of all paths and link targets together
};
// Counts what is read against the limits; the layers of one image share a budget. Errors are
// EifError::limit_exceeded.
class TreeBudget {
  public:
    explicit TreeBudget(TreeLimits limits) : limits_(limits) {}
    [[nodiscard]] Result<void> spend_entry(std::string_view path, std::string_view target = {});
    [[nodiscard]] Result<void> spend_content(std::uint64_t size);

  private:
    TreeLimits limits_;
    std::uint64_t entries_ = 0;
    std::uint64_t content_ = 0;
    std::uint64_t names_ = 0;
};

// The kernel's PATH_MAX.
constexpr std::size_t link_target_max = 4096;

// "./usr//bin/" -> "usr/bin", "/etc" -> "etc", "." -> "". Errors, EifError::unsafe_path: "..", a
// NUL, a name of more than 255 bytes, a path of more than 4000 bytes.
[[nodiscard]] Result<std::string> canonical_path(std::string_view raw);

class FileTree {
  public:
    using NodePtr = std::shared_ptr<Node>;
    using Entries = std::map<std::string, NodePtr, std::less<>>;

    // Puts a node at a canonical path; does nothing for the empty path. Missing parents are made
    // (root's, 0755). A parent that is a symbolic link is followed inside the tree, as in a chroot;
    // a parent that is neither is an error. The node replaces what was there, but a directory over
    // a directory keeps the content. Two paths with one node are hard links of each other. The node
    // and each parent that is made count against the budget, if there is one.
    [[nodiscard]] Result<void> put(std::string_view path, NodePtr node,
                                   TreeBudget* budget = nullptr);
    void remove(std::string_view path);  // and everything below it
    void remove_children(std::string_view path);

    [[nodiscard]] const Entries& entries() const { return entries_; }
    // Of all names' files, in bytes; a file with two names counts twice.
    [[nodiscard]] std::uint64_t content_size() const;
    // The node at a path whose parents are canonical; a link at the end is not followed. Null if
    // there is none.
    [[nodiscard]] NodePtr find(std::string_view path) const;
    // Follows all links; ".." stops at the root. Returns the canonical path ("" for the root), or
    // empty if it does not exist.
    [[nodiscard]] std::optional<std::string> resolve(std::string_view path) const;
    // The node at a path whose parents may be links; a link at the end is not followed. Null if
    // there is none.
    [[nodiscard]] NodePtr locate(std::string_view path) const;

  private:
    [[nodiscard]] Result<std::string> make_parents(std::string_view path, TreeBudget* budget);
    Entries entries_;
};

// The relative path from the folder of one file to another: "usr/bin/b" seen from "usr/lib/a" is
// "../bin/b".
[[nodiscard]] std::string relative_to(std::string_view path, std::string_view from_file);

}  // namespace glovebox::eif
