// SPDX-License-Identifier: Apache-2.0

// The file to which a path leads for another thread: from its root, its working directory and its
// descriptors, and with its own /proc/self, link by link as path_resolution(7) has it.
//
// The kernel can't be asked for it in one call: it would resolve /proc/self for the supervisor, and
// at the end of the path there may be nothing yet. A walk takes a few calls for each component, so
// it is only for the few paths that may be a device's, and those over which open_path_end() fails.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "core/base/unique_fd.h"

namespace glovebox::supervisor {

inline constexpr int links_max = 40;  // MAXSYMLINKS

// The last component, all links followed, and the folder that it is in.
struct PathEnd {
    UniqueFd folder;  // O_PATH
    std::string name;
    // It is one of procfs's links to a file itself (/proc/PID/fd/N), whose text means nothing.
    bool is_file_link = false;
};

// Resolves as openat(directory, path) does; a link at the very end is followed when `follows_last`.
// Nothing where there is no such folder, where the path ends in a folder's own name (".", "..",
// "/"), where its end is a link that isn't followed, or for more links than Linux follows.
[[nodiscard]] std::optional<PathEnd> walk_path(pid_t thread, int directory, const std::string& path,
                                               bool follows_last);

// The file itself (O_PATH), in the sense of walk_path(): one openat2 where the kernel resolves the
// path for the supervisor as for the thread, a walk where it does not. A link at the very end that
// is not followed is opened, or nothing. In /proc/self the file may be the supervisor's own.
[[nodiscard]] UniqueFd open_path_end(pid_t thread, int directory, const std::string& path,
                                     bool follows_last);

// The text of the link that the path ends in, in one call; nothing where it ends in none. Right for
// all paths but those that lead over an absolute link in a root that isn't this process's own
// (`shares_root`), or through a procfs under another name.
[[nodiscard]] std::optional<std::string> link_at_end(pid_t thread, int directory,
                                                     const std::string& path, bool shares_root);

}  // namespace glovebox::supervisor
