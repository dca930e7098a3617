// SPDX-License-Identifier: Apache-2.0

// Where nsswitch.conf(5) has host names sought.
#pragma once

#include <string_view>
#include <vector>

namespace glovebox::core {

enum class NameSource { files, name_servers };

// The sources of the line "hosts:", in its order: "files" is /etc/hosts; "dns" and "resolve" are
// the name servers. Other modules and their actions are passed over. Files and then name servers
// without such a line.
[[nodiscard]] std::vector<NameSource> parse_nsswitch_conf(std::string_view text);

}  // namespace glovebox::core
