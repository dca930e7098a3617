// SPDX-License-Identifier: Apache-2.0

// The docker program, if there is one: nitro-cli asks the daemon to build, pull and save, and
// Glovebox asks this program.
#pragma once

#include <filesystem>
#include <iosfwd>
#include <optional>
#include <string>

#include "core/base/error.h"
#include "core/base/interruption.h"

namespace glovebox::nitro_cli {

// Saves the image `uri` to the file `archive` (E48). With a folder, builds the image from it first
// (E49); otherwise pulls the image unless it is there already (E50). Docker's output goes to
// standard error.
// A signal that `interruption` holds ends docker too, and throws Interrupted.
[[nodiscard]] Result<void> save_docker_image(const std::string& uri,
                                             const std::optional<std::string>& folder,
                                             const std::filesystem::path& archive,
                                             std::ostream& progress,
                                             const Interruption& interruption);

}  // namespace glovebox::nitro_cli
