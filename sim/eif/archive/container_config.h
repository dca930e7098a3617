// SPDX-License-Identifier: Apache-2.0

// The part of a container image that says how it is run: the "config" JSON of a docker save or OCI
// archive.
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
    // Absent where the image does not set them; set and empty are not the same.
    std::optional<std::vector<std::string>> cmd;
    std::optional<std::vector<std::string>> entrypoint;
    std::optional<std::vector<std::string>> env;
    std::string working_dir;
    std::string user;
    std::string architecture;           // "amd64", "arm64"
    std::vector<std::string> diff_ids;  // "sha256:...", of the unpacked layers, lowest first
    boost::json::value json;            // all of it

    [[nodiscard]] static Result<ContainerConfig> parse(std::string_view text);
    // amd64 and arm64; Nitro runs no other.
    [[nodiscard]] Result<Architecture> eif_architecture() const;
};

}  // namespace glovebox::eif
