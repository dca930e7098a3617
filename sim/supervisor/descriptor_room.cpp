// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/descriptor_room.h"

#include <dirent.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <charconv>
#include <memory>
#include <string>
#include <string_view>

namespace glovebox::supervisor {

bool has_room_for_descriptors(pid_t thread, std::size_t wanted) {
    rlimit limit{};
    const std::string folder = fmt::format("/proc/{}/fd", thread);
    struct stat status {};
    if (::prlimit(thread, RLIMIT_NOFILE, nullptr, &limit) != 0 ||
        ::stat(folder.c_str(), &status) != 0)
        return true;
    const auto open = static_cast<std::size_t>(status.st_size);  // 0 before Linux 6.2
    if (open > 0 && open + wanted <= limit.rlim_cur)
        return true;
    const std::unique_ptr<DIR, int (*)(DIR*)> listing(::opendir(folder.c_str()), ::closedir);
    if (!listing)
        return true;
    // A limit that was lowered leaves descriptors beyond it, which take none of its numbers.
    std::size_t below = 0;
    while (const dirent* entry = ::readdir(listing.get())) {
        const std::string_view name = entry->d_name;
        rlim_t number = 0;
        const auto [end, failure] = std::from_chars(name.begin(), name.end(), number);
        below += failure == std::errc() && end == name.end() && number < limit.rlim_cur ? 1 : 0;
    }
    return below + wanted <= limit.rlim_cur;
}

}  // namespace glovebox::supervisor
