// SPDX-License-Identifier: Apache-2.0

// The children of a process, whoever made them: orphans of a supervised tree are adopted.
#pragma once

#include <sys/types.h>

#include <vector>

namespace glovebox::enclave {

[[nodiscard]] std::vector<pid_t> list_children(pid_t parent);

}  // namespace glovebox::enclave
