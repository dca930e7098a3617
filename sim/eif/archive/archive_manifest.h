// SPDX-License-Identifier: Apache-2.0

// Which files of a container image archive make the image: manifest.json of docker save, or
// index.json and what it leads to in an OCI layout.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "sim/eif/format/header.h"

namespace glovebox::eif {

// The archive's small files: the JSON ones with their text, and names that stand for others (older
// docker save archives link equal layers to each other).
struct ArchiveIndex {
    std::map<std::string, std::string> documents;
    std::map<std::string, std::string> links;

    [[nodiscard]] std::string real_name(std::string name) const;
};

struct ImageParts {
    std::string config;               // the document's text
    std::vector<std::string> layers;  // names in the archive, lowest first
    // What each layer's bytes hash to as they lie there; empty where only its diff_id is stated.
    std::vector<std::string> layer_digests;
    std::vector<std::string> repo_tags;
};

// By manifest.json if there is one, else by index.json, where `wanted` chooses among several
// platforms. The digests of the documents on the way are checked.
[[nodiscard]] Result<ImageParts> find_parts(const ArchiveIndex& index,
                                            std::optional<Architecture> wanted);

// "sha256:<64 hex digits>" -> its digits.
[[nodiscard]] Result<std::string> sha256_digits(const std::string& digest);
[[nodiscard]] Error wrong_digest(const std::string& name, const std::string& stated,
                                 const std::string& found);

}  // namespace glovebox::eif
