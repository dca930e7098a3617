// SPDX-License-Identifier: Apache-2.0

#include "sim/eif/unpack/ramdisks.h"

#include "sim/eif/tree/spool.h"

namespace glovebox::eif {

Result<FileTree> unpack_ramdisks(const Image& image, const std::filesystem::path& spool,
                                 const TreeLimits& limits, Progress& progress, LeftOut* left_out) {
    FileTree tree;
    Spool contents(spool);
    TreeBudget budget(limits);
    progress.begin("unpacking", image.ramdisks_size());
    for (std::size_t i = 0; i < image.sections().size(); ++i)
        if (const Section& section = image.sections()[i]; section.type == SectionType::ramdisk)
            if (const auto unpacked = unpack_ramdisk(section.data, image.name_of(i), tree, contents,
                                                     budget, progress, left_out);
                !unpacked)
                return unpacked.error();
    return tree;
}

}  // namespace glovebox::eif
