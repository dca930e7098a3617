// SPDX-License-Identifier: Apache-2.0

// Users of /etc/passwd. getpwuid(3) would also ask NSS modules (LDAP, systemd's), which a static
// program cannot load; a user that only they know needs HOME in the environment.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

namespace glovebox {

struct UserEntry {
    std::string name;
    std::string home;
};

// The first entry of the user ID in a file of passwd(5)'s form; empty without one, or if the file
// cannot be read.
[[nodiscard]] std::optional<UserEntry> find_user(uid_t uid,
                                                 const std::string& path = "/etc/passwd");

}  // namespace glovebox
