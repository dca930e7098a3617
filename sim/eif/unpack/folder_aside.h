// A folder that appears whole or not at all: filled under another name beside it, and renamed.
//
// While it is filled it is locked (flock), so that what a killed process left half-filled can be
// told from what is being filled, and removed.
#pragma once

#include <filesystem>
#include <utility>

#include "core/base/error.h"
#include "core/base/unique_fd.h"

namespace glovebox::eif {

class FolderAside {
  public:
    // For its owner alone. Gone with the object unless it got its name.
    [[nodiscard]] static Result<FolderAside> beside(const std::filesystem::path& folder);
    FolderAside(FolderAside&& other) noexcept
        : path_(std::exchange(other.path_, {})), lock_(std::move(other.lock_)) {}
    FolderAside& operator=(FolderAside&&) = delete;
    ~FolderAside();

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }
    // Fails when something of that name has come up meanwhile, but for an empty folder: ENOTEMPTY,
    // EEXIST or ENOTDIR.
    [[nodiscard]] Result<void> rename_to(const std::filesystem::path& folder);

    // Removes the folders in `parent` that processes were filling when they were killed.
    static void remove_abandoned(const std::filesystem::path& parent);

  private:
    FolderAside(std::filesystem::path path, UniqueFd lock)
        : path_(std::move(path)), lock_(std::move(lock)) {}
    std::filesystem::path path_;
    UniqueFd lock_;
};

}  // namespace glovebox::eif
