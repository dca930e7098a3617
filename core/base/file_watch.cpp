// SPDX-License-Identifier: Apache-2.0

#include "core/base/file_watch.h"

#include <sys/stat.h>
#include <time.h>

namespace glovebox {
namespace {

std::chrono::nanoseconds time_of(const timespec& time) {
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

}  // namespace

FileWatch::Stamp FileWatch::read_stamp() const {
    struct stat file {};
    if (::stat(path_.c_str(), &file) != 0)
        return {};
    return {file.st_dev, file.st_ino, file.st_size, time_of(file.st_mtim), time_of(file.st_ctim)};
}

bool FileWatch::take_change() {
    const Stamp now = read_stamp();
    if (seen_ == now)
        return false;
    // The clock by which the kernel stamps files. Its tick takes some milliseconds, and a second
    // change within it has the same stamp.
    timespec tick{};
    ::clock_gettime(CLOCK_REALTIME_COARSE, &tick);
    seen_ = time_of(tick) == now.changed ? std::nullopt : std::optional(now);
    return true;
}

}  // namespace glovebox
