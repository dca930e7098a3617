// SPDX-License-Identifier: Apache-2.0

// Any bytes as a ramdisk: cpio archives one behind the other, plain or compressed. A tree that
// comes out has canonical paths, directories above every entry, and no more content than was
// allowed; it lists and compares without trouble.

#include <filesystem>

#include "fuzz/require.h"
#include "sim/eif/report/ramdisk_diff.h"
#include "sim/eif/tree/ramdisk.h"
#include "sim/eif/tree/tree_writer.h"

namespace {

using namespace glovebox;
using namespace glovebox::eif;

void check_tree(const FileTree& tree, const TreeLimits& limits) {
    require(tree.entries().size() <= limits.entries_max);
    for (const auto& [path, node] : tree.entries()) {
        const auto canonical = canonical_path(path);
        require(canonical && *canonical == path);
        if (const auto slash = path.rfind('/'); slash != std::string::npos) {
            const auto parent = tree.find(path.substr(0, slash));
            require(parent && parent->type == NodeType::directory);
        }
        require(node->content.size() <= limits.content_max);
        if (const auto resolved = tree.resolve(path); resolved && !resolved->empty())
            require(tree.find(*resolved) != nullptr);
    }
    require(tree.entries().empty() || !listing_of(tree).empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const BytesView bytes(data, size);
    TreeLimits limits;
    limits.entries_max = 2'000;
    limits.content_max = 1 << 20;
    limits.names_max = 1 << 20;
    FileTree tree;
    Spool spool(std::filesystem::temp_directory_path());
    TreeBudget budget(limits);
    if (const auto unpacked = unpack_ramdisk(bytes, "ramdisk", tree, spool, budget); !unpacked)
        require(!unpacked.error().message.empty());
    // What had been unpacked up to an error is a tree as well.
    check_tree(tree, limits);
    std::vector<std::string> lines;
    if (size < 4096)
        compare_ramdisks(bytes, bytes.first(size / 2), 5, lines, no_progress());
    return 0;
}
