// SPDX-License-Identifier: Apache-2.0

// The docker program, for those who have it: what nitro-cli asks of the daemon, build, pull and
// save, is asked of it here.
#pragma once

#include <filesystem>
#include <iosfwd>
#include <optional>
#include <string>

#include "core/base/error.h"

namespace glovebox::nitro_cli {

// Builds `uri` from the folder (E49), or takes the image that is there, or pulls it (E50); then
// saves it as an archive at `archive` (E48). What docker says goes to stderr.
[[nodiscard]] Result<void> save_docker_image(const std::string& uri,
                                             const std::optional<std::string>& folder,
                                             const std::filesystem::path& archive,
                                             std::ostream& progress);

}  // namespace glovebox::nitro_cli
