// SPDX-License-Identifier: Apache-2.0

// What happens in a folder: files that appear, change and disappear (inotify(7)).
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/unique_fd.h"

namespace glovebox::device_plugin {

struct FolderChange {
    enum class Kind {
        appeared,
        changed,
        gone,
        folder_gone,  // and the watch has ended
        lost,         // the kernel has left out changes: anything may have happened
    } kind;
    std::string name{};  // the file's
};

class FolderWatch {
  public:
    // Errors: errno's with the folder; EMFILE if the user has no inotify instance left.
    [[nodiscard]] static Result<FolderWatch> open(const std::filesystem::path& folder);

    // Readable while there are changes.
    [[nodiscard]] int fd() const { return inotify_.get(); }
    // The changes since the last call.
    [[nodiscard]] std::vector<FolderChange> take();

  private:
    explicit FolderWatch(UniqueFd inotify) : inotify_(std::move(inotify)) {}

    UniqueFd inotify_;
};

}  // namespace glovebox::device_plugin
