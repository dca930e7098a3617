// SPDX-License-Identifier: Apache-2.0

// Files of this machine in another root, at the same paths, with the shared libraries that they
// need. A link becomes what it leads to.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "core/base/error.h"

namespace glovebox::nitro {

class CopiedFiles {
  public:
    explicit CopiedFiles(std::filesystem::path root) : root_(std::move(root)) {}

    // An absolute path each. What is there already is not copied again. Errors name the file.
    [[nodiscard]] Result<void> add_file(const std::filesystem::path& path);
    // With everything in it but the names that are left out, and what is neither file nor folder.
    using IsLeftOut = std::function<bool(const std::string& name)>;
    [[nodiscard]] Result<void> add_folder(
        const std::filesystem::path& path,
        const IsLeftOut& is_left_out = [](const std::string&) { return false; });
    [[nodiscard]] Result<void> make_folder(const std::filesystem::path& path);
    [[nodiscard]] bool has(const std::filesystem::path& path) const;

  private:
    [[nodiscard]] std::filesystem::path place_of(const std::filesystem::path& path) const {
        return root_ / path.relative_path();
    }

    std::filesystem::path root_;
};

}  // namespace glovebox::nitro
