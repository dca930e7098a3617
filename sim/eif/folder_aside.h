// A folder that appears whole or not at all: filled under another name beside it, and renamed.
#pragma once

#include <filesystem>

#include "core/base/error.h"

namespace glovebox::eif {

class FolderAside {
  public:
    // For its owner alone. Gone with the object unless it got its name.
    [[nodiscard]] static Result<FolderAside> beside(const std::filesystem::path& folder);
    FolderAside(FolderAside&& other) noexcept : path_(std::exchange(other.path_, {})) {}
    FolderAside& operator=(FolderAside&&) = delete;
    ~FolderAside();

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }
    // Fails when something of that name has come up meanwhile, but for an empty folder: ENOTEMPTY,
    // EEXIST or ENOTDIR.
    [[nodiscard]] Result<void> rename_to(const std::filesystem::path& folder);

  private:
    explicit FolderAside(std::filesystem::path path) : path_(std::move(path)) {}
    std::filesystem::path path_;
};

}  // namespace glovebox::eif
