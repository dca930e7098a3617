// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/vsock_options.h"

#include <algorithm>
#include <cerrno>
#include <limits>

namespace glovebox::supervisor {
namespace {

constexpr std::int64_t ticks_per_second = 250;  // CONFIG_HZ of AWS's and Debian's kernels
constexpr std::int64_t microseconds_per_second = 1'000'000;
constexpr std::int64_t microseconds_per_tick = microseconds_per_second / ticks_per_second;

}  // namespace

void VsockOptions::set_buffer_size(std::uint64_t size) {
    // In this order: where the minimum is above the maximum, the maximum wins.
    buffer_size = std::min(std::max(size, buffer_min_size), buffer_max_size);
}

void VsockOptions::set_buffer_min_size(std::uint64_t size) {
    buffer_min_size = size;
    set_buffer_size(buffer_size);
}

void VsockOptions::set_buffer_max_size(std::uint64_t size) {
    buffer_max_size = size;
    set_buffer_size(buffer_size);
}

int VsockOptions::set_connect_timeout(std::int64_t seconds, std::int64_t microseconds) {
    constexpr std::int64_t seconds_max =
        std::numeric_limits<std::int64_t>::max() / ticks_per_second - 1;
    if (seconds < 0 || seconds >= seconds_max || microseconds >= microseconds_per_second)
        return ERANGE;
    // What overflows microseconds is longer than anybody waits.
    const std::int64_t ticks =
        std::min(seconds, std::int64_t{1} << 32) * ticks_per_second +
        (std::max<std::int64_t>(microseconds, 0) + microseconds_per_tick - 1) /
            microseconds_per_tick;
    connect_timeout = ticks == 0 ? VsockOptions{}.connect_timeout
                                 : std::chrono::microseconds(ticks * microseconds_per_tick);
    return 0;
}

bool VsockOptionTable::is_empty() {
    const std::lock_guard lock(mutex_);
    return recent_.empty();
}

VsockOptions VsockOptionTable::get(std::uint64_t cookie) {
    const std::lock_guard lock(mutex_);
    const auto found = by_cookie_.find(cookie);
    if (found == by_cookie_.end())
        return {};
    recent_.splice(recent_.begin(), recent_, found->second);
    return found->second->options;
}

void VsockOptionTable::set(std::uint64_t cookie, const VsockOptions& options) {
    const std::lock_guard lock(mutex_);
    if (const auto found = by_cookie_.find(cookie); found != by_cookie_.end()) {
        recent_.erase(found->second);
        by_cookie_.erase(found);
    }
    if (options == VsockOptions{})
        return;
    recent_.push_front({cookie, options});
    by_cookie_.emplace(cookie, recent_.begin());
    if (recent_.size() > entries_max) {
        by_cookie_.erase(recent_.back().cookie);
        recent_.pop_back();
    }
}

}  // namespace glovebox::supervisor
