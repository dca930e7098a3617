// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/namespace_id.h"

#include <fmt/format.h>
#include <sys/stat.h>

namespace glovebox::supervisor {

ino_t namespace_of(pid_t thread, const char* kind) {
    struct stat status {};
    return ::stat(fmt::format("/proc/{}/ns/{}", thread, kind).c_str(), &status) == 0 ? status.st_ino
                                                                                     : 0;
}

}  // namespace glovebox::supervisor
