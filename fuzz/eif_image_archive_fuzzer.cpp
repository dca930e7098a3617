// SPDX-License-Identifier: Apache-2.0

// Any bytes as a container image archive (docker save, OCI layout), and as one layer of such an
// archive, so that whiteouts, links and owners are reached without a digest's luck.

#include <filesystem>

#include "fuzz/require.h"
#include "sim/eif/archive/container_config.h"
#include "sim/eif/archive/image_archive.h"
#include "sim/eif/archive/layer.h"
#include "sim/eif/build/nitro_rules.h"

namespace {

using namespace glovebox;
using namespace glovebox::eif;

void check_tree(const FileTree& tree) {
    for (const auto& [path, node] : tree.entries()) {
        const auto canonical = canonical_path(path);
        require(canonical && *canonical == path);
        if (const auto slash = path.rfind('/'); slash != std::string::npos) {
            const auto parent = tree.find(path.substr(0, slash));
            require(parent && parent->type == NodeType::directory);
        }
    }
}

// The bytes as a layer over a small base image; then all that the builder does to such a tree.
void read_layer(BytesView bytes, const TreeLimits& limits) {
    FileTree tree;
    for (const char* path : {"bin/sh", "etc/motd", "usr/lib/a"}) {
        const auto node = std::make_shared<Node>();
        node->permissions = 0755;
        node->content = Content::of("x");
        require(tree.put(path, node).has_value());
    }
    Spool spool(std::filesystem::temp_directory_path());
    TreeBudget budget(limits);
    std::vector<std::string> warnings;
    MemorySource source(bytes);
    const auto layer = Layer::read(source, "layer", spool, budget, warnings);
    if (!layer) {
        require(!layer.error().message.empty());
        return;
    }
    const auto applied = layer->apply_to(tree);
    check_tree(tree);
    if (!applied || !apply_builder_rules(tree, warnings))
        return;
    check_tree(tree);
    warn_of_init({"sh"}, {"PATH=/bin"}, warnings);
    static_cast<void>(start_problems(tree, {"sh"}, {"PATH=/bin"}, Architecture::x86_64));
}

void read_config(BytesView bytes) {
    std::vector<std::string> warnings;
    if (const auto config = ContainerConfig::parse(as_text(bytes)))
        if (const auto command = command_of(*config, warnings))
            static_cast<void>(lines_of(*command, "CMD", warnings));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const BytesView bytes(data, size);
    ArchiveOptions options;
    options.limits.entries_max = 2'000;
    options.limits.content_max = 1 << 20;
    options.limits.names_max = 1 << 20;
    Spool spool(std::filesystem::temp_directory_path());
    std::vector<std::string> warnings;
    const OpenSource open = [&]() -> Result<std::unique_ptr<ByteSource>> {
        return std::unique_ptr<ByteSource>(std::make_unique<MemorySource>(bytes));
    };
    if (const auto image = read_image_archive(open, options, spool, warnings))
        check_tree(image->root);
    else
        require(!image.error().message.empty());
    read_layer(bytes, options.limits);
    read_config(bytes);
    return 0;
}
