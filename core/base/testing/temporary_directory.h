// SPDX-License-Identifier: Apache-2.0

// For tests: a fresh directory of one's own, 0700, that is gone with all its contents afterwards.
// It is in TMPDIR, or in the folder that is given.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>

namespace glovebox {

class TemporaryDirectory {
  public:
    explicit TemporaryDirectory(
        const std::filesystem::path& within = std::filesystem::temp_directory_path()) {
        const auto parent = std::filesystem::canonical(within);
        path_ = parent / "glovebox-test.XXXXXX";
        if (::mkdtemp(path_.data()) == nullptr)
            throw std::runtime_error("mkdtemp failed on " + path_);
    }
    ~TemporaryDirectory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

    // Absolute, without symbolic links.
    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] std::string operator/(std::string_view name) const {
        return path_ + '/' + std::string(name);
    }

    // How many entries a directory has.
    [[nodiscard]] static std::size_t entries_in(const std::string& directory) {
        return static_cast<std::size_t>(
            std::distance(std::filesystem::directory_iterator(directory), {}));
    }

  private:
    std::string path_;
};

}  // namespace glovebox
