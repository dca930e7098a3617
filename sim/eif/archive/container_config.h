// SPDX-License-Identifier: Apache-2.0

// The configuration of a container image: the JSON document that says how the image is run (OCI
// image-spec, config.md).
#pragma once

#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "sim/eif/format/header.h"

namespace glovebox::eif {

struct ContainerConfig {
    // Absent if the image does not set them. Set and empty differ.
    std::optional<std::vector<std::string>> cmd;
    std::optional<std::vector<std::string>> entrypoint;
    std::optional<std::vector<std::string>> env;
    std::string working_dir;
    std::string user;
    std::string architecture;           // "amd64", "arm64"
    std::vector<std::string> diff_ids;  // "sha256:...", of the unpacked layers, lowest first
    boost::json::value json;            // the whole document

    // An error, EifError::bad_archive, if the document is not JSON, has no diff_ids, or has a
    // member of another type.
    [[nodiscard]] static Result<ContainerConfig> parse(std::string_view text);
    // An error for all but amd64 and arm64: enclaves run no other.
    [[nodiscard]] Result<Architecture> eif_architecture() const;
};

}  // namespace glovebox::eif
