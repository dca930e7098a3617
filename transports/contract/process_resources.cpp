// SPDX-License-Identifier: Apache-2.0

#include "transports/contract/process_resources.h"

#include <sys/resource.h>
#include <unistd.h>

#include <fstream>

#include "core/base/testing/temporary_directory.h"

namespace glovebox::transports {

std::size_t open_descriptors() {
    return TemporaryDirectory::entries_in("/proc/self/fd") - 1;  // less the one that reads it
}

std::size_t resident_bytes() {
    std::ifstream statm("/proc/self/statm");
    std::size_t total_pages = 0;
    std::size_t resident_pages = 0;
    statm >> total_pages >> resident_pages;
    return resident_pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

bool allow_descriptors(std::size_t wanted) {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return false;
    limit.rlim_cur = limit.rlim_max;
    return ::setrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur >= wanted;
}

}  // namespace glovebox::transports
