// SPDX-License-Identifier: Apache-2.0

// Reads a container image from the file that `docker save`, `podman save`, `skopeo copy ...
// oci-archive:` or `buildah push ... oci-archive:` writes. Needs no daemon and no privilege, and
// unpacks nothing to the disk but a nameless temporary file.
//
// A docker save archive has a manifest.json that names the config and the layers, which are files
// of the archive. An OCI archive (image-layout) has an index.json that names a manifest by digest;
// the manifest names the config and the layers; all of them are files in blobs/sha256/. Newer
// docker save archives are both.
//
// The archive and each layer may be compressed (gzip, zstd, bzip2, xz). Every digest that the
// archive states is checked: that of a blob and that of an unpacked layer (diff_id).
#pragma once

#include <boost/json/value.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/progress.h"
#include "sim/eif/archive/container_config.h"
#include "sim/eif/tree/file_tree.h"
#include "sim/eif/tree/spool.h"

namespace glovebox::eif {

struct ContainerImage {
    FileTree root;
    ContainerConfig config;
    std::string id;                      // SHA-256 of the config, hexadecimal
    std::vector<std::string> repo_tags;  // "app:latest"; empty in an OCI archive without a name

    // The image as `docker inspect` shows it, as far as the archive has the values. It becomes
    // DockerInfo in the metadata of an enclave image.
    [[nodiscard]] boost::json::value docker_info() const;
};

struct ArchiveOptions {
    // Chooses among the images of an OCI archive that has several platforms.
    std::optional<Architecture> architecture;
    TreeLimits limits;
};

// Reads the image into a tree; the contents of its files wait in `spool`. `warnings` receives a
// sentence for each entry that is left out. Errors are mostly EifError codes (bad_archive,
// unsafe_path, limit_exceeded), with the archive's name in front.
[[nodiscard]] Result<ContainerImage> read_image_archive(const std::filesystem::path& archive,
                                                        const ArchiveOptions& options, Spool& spool,
                                                        std::vector<std::string>& warnings,
                                                        Progress& progress = no_progress());
// The same from any source of bytes. It is read twice; `open` returns it from its start.
using OpenSource = std::function<Result<std::unique_ptr<ByteSource>>()>;
[[nodiscard]] Result<ContainerImage> read_image_archive(const OpenSource& open,
                                                        const ArchiveOptions& options, Spool& spool,
                                                        std::vector<std::string>& warnings);

}  // namespace glovebox::eif
