// SPDX-License-Identifier: Apache-2.0

// A container image from the file that `docker save`, `podman save`, `skopeo copy ... oci-archive:`
// or `buildah push ... oci-archive:` writes. No daemon, no privilege, nothing unpacked.
//
// docker save: manifest.json names the config and the layers, which are files of the archive.
// OCI (image-layout): index.json names a manifest by digest, that the config and the layers; all
// lie in blobs/sha256/. Newer docker save archives are both.
//
// The archive and each layer may be compressed (gzip, zstd, bzip2, xz). Every digest that the
// archive states is checked: a blob's and an unpacked layer's (diff_id).
#pragma once

#include <boost/json/value.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "sim/eif/archive/container_config.h"
#include "sim/eif/tree/file_tree.h"
#include "sim/eif/tree/spool.h"

namespace glovebox::eif {

struct ContainerImage {
    FileTree root;
    ContainerConfig config;
    std::string id;                      // SHA-256 of the config, hexadecimal
    std::vector<std::string> repo_tags;  // "app:latest"; none in a plain OCI archive without a name

    // As `docker inspect` shows it, as far as an archive knows.
    [[nodiscard]] boost::json::value docker_info() const;
};

struct ArchiveOptions {
    // Chooses among the images of an OCI archive for several platforms.
    std::optional<Architecture> architecture;
    TreeLimits limits;
};

[[nodiscard]] Result<ContainerImage> read_image_archive(const std::filesystem::path& archive,
                                                        const ArchiveOptions& options, Spool& spool,
                                                        std::vector<std::string>& warnings);
// The same from any source of bytes, which is read twice: `open` gives it from its start.
using OpenSource = std::function<Result<std::unique_ptr<ByteSource>>()>;
[[nodiscard]] Result<ContainerImage> read_image_archive(const OpenSource& open,
                                                        const ArchiveOptions& options, Spool& spool,
                                                        std::vector<std::string>& warnings);

}  // namespace glovebox::eif
