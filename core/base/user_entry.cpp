// SPDX-License-Identifier: Apache-2.0

#include "core/base/user_entry.h"

#include <pwd.h>

#include <cstdio>
#include <memory>
#include <vector>

namespace glovebox {

std::optional<UserEntry> find_user(uid_t uid, const std::string& path) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "re"),
                                                               std::fclose);
    if (file == nullptr)
        return std::nullopt;
    std::vector<char> buffer(64 * 1024);
    passwd entry{};
    passwd* found = nullptr;
    while (::fgetpwent_r(file.get(), &entry, buffer.data(), buffer.size(), &found) == 0)
        if (entry.pw_uid == uid)
            return UserEntry{entry.pw_name, entry.pw_dir};
    return std::nullopt;
}

}  // namespace glovebox
