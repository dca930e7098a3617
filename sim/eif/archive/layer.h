// SPDX-License-Identifier: Apache-2.0

// One layer of a container image (OCI image-spec, layer.md): a tar archive with the files that the
// layer adds, and marks for the files that it removes from the layers below.
//
//   etc/.wh.motd       "whiteout": removes etc/motd of the layers below
//   etc/.wh..wh..opq   "opaque": removes everything that the layers below have in etc
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "sim/eif/tree/archive_reader.h"
#include "sim/eif/tree/file_tree.h"
#include "sim/eif/tree/spool.h"

namespace glovebox::eif {

class Layer {
  public:
    // Reads an uncompressed tar archive to its end. Errors begin with `name`. `warnings` receives a
    // sentence for each entry of a kind that no image can hold.
    [[nodiscard]] static Result<Layer> read(ByteSource& tar, const std::string& name, Spool& spool,
                                            TreeBudget& budget, std::vector<std::string>& warnings);
    // Applies the layer to the tree of the layers below: first removes, then adds. An error if a
    // hard link leads to a file in neither.
    [[nodiscard]] Result<void> apply_to(FileTree& below) const;

  private:
    // A hard link to a file of a layer below: no earlier entry of this layer is its target.
    struct LinkBelow {
        std::string path;
        std::string target;
    };
    std::string name_;
    FileTree tree_;
    std::vector<std::string> whiteouts_;
    std::vector<std::string> opaque_;
    std::vector<LinkBelow> links_below_;
};

}  // namespace glovebox::eif
