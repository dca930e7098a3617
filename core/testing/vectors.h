// SPDX-License-Identifier: Apache-2.0

// Test vectors that are not part of the project: AWS's attestation documents and images, published
// by others. $GLOVEBOX_VECTORS names the folder that holds them; tests that need them skip without.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string_view>

namespace glovebox {

// What a test that skips says.
inline constexpr const char* no_test_vectors =
    "AWS's documents and images are not here: set GLOVEBOX_VECTORS to the folder that holds "
    "aws-docs/ and eif/";

// "aws-docs" or "eif".
[[nodiscard]] inline std::optional<std::filesystem::path> test_vectors(std::string_view name) {
    const char* vectors = std::getenv("GLOVEBOX_VECTORS");
    if (vectors == nullptr || *vectors == '\0')
        return std::nullopt;
    const std::filesystem::path folder = std::filesystem::path(vectors) / name;
    return std::filesystem::is_directory(folder) ? std::optional(folder) : std::nullopt;
}

}  // namespace glovebox
