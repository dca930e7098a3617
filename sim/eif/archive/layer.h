// SPDX-License-Identifier: Apache-2.0

// One layer of a container image (OCI image-spec, layer.md): a tar archive of what it adds and of
// marks for what it takes away.
//
//   etc/.wh.motd       "whiteout": etc/motd of the layers below is gone
//   etc/.wh..wh..opq   "opaque": of etc only what this layer itself brings remains
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
    // Reads an uncompressed tar archive to its end. `name` begins the sentences of errors.
    [[nodiscard]] static Result<Layer> read(ByteSource& tar, const std::string& name, Spool& spool,
                                            TreeBudget& budget, std::vector<std::string>& warnings);
    // Lays this layer over the ones below, first taking away, then adding.
    [[nodiscard]] Result<void> apply_to(FileTree& below) const;

  private:
    // A hard link whose target is in no earlier entry of this layer, so in a layer below.
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
