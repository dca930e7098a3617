// SPDX-License-Identifier: Apache-2.0

#include "sim/sandbox/working_directory.h"

#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <memory>

namespace glovebox::sandbox {

WorkingDirectory read_working_directory() {
    WorkingDirectory here;
    std::array<char, PATH_MAX> path{};
    // The kernel says "(unreachable)/..." for a directory outside of this process's root.
    if (::getcwd(path.data(), path.size()) == nullptr || path[0] != '/')
        return here;
    here.path = path.data();
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir("."), ::closedir);
    if (folder == nullptr)
        return here;
    while (const dirent* entry = ::readdir(folder.get())) {
        const std::string name = entry->d_name;
        if (name.front() == '.' && name != "." && name != "..")
            here.hidden_entries.push_back(name);
    }
    std::sort(here.hidden_entries.begin(), here.hidden_entries.end());
    return here;
}

}  // namespace glovebox::sandbox
