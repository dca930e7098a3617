// SPDX-License-Identifier: Apache-2.0

// Finds the files that make an image in a container image archive: by manifest.json of `docker
// save`, or by index.json and the manifests that it names in an OCI layout (OCI image-spec,
// image-layout.md).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "sim/eif/format/header.h"

namespace glovebox::eif {

// The small files of an archive: the JSON documents with their text, and the links to other names
// (older docker save archives link equal layers to each other).
struct ArchiveIndex {
    std::map<std::string, std::string> documents;
    std::map<std::string, std::string> links;

    // The name behind any links. Follows a limited number of them, so a circle ends.
    [[nodiscard]] std::string real_name(std::string name) const;
};

struct ImageParts {
    std::string config;               // the document's text
    std::vector<std::string> layers;  // names in the archive, lowest first
    // SHA-256 of each layer's bytes as they lie in the archive, 64 hexadecimal digits; empty where
    // the archive states only the diff_id of the unpacked layer.
    std::vector<std::string> layer_digests;
    std::vector<std::string> repo_tags;
};

// By manifest.json if there is one, otherwise by index.json, where `wanted` chooses among several
// platforms. The digests that an OCI layout states for its documents are checked. Errors are
// EifError::bad_archive: a file is missing or malformed, a digest is wrong, or the archive holds
// several images.
[[nodiscard]] Result<ImageParts> find_parts(const ArchiveIndex& index,
                                            std::optional<Architecture> wanted);

// The 64 lower-case hexadecimal digits of "sha256:<digits>"; an error for any other form.
[[nodiscard]] Result<std::string> sha256_digits(const std::string& digest);
// The error for a file whose content does not have the stated digest.
[[nodiscard]] Error wrong_digest(const std::string& name, const std::string& stated,
                                 const std::string& found);

}  // namespace glovebox::eif
