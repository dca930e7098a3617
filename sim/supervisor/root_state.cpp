// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/root_state.h"

#include <algorithm>
#include <cerrno>

namespace glovebox::supervisor {
namespace {

// Half of the unsigned range: as a signed number of microseconds too it is one.
constexpr rlim_t first_carrier = RLIM_INFINITY / 2;

}  // namespace

rlimit RootStates::told(const rlimit& carrier, int resource, const rlimit& held) const {
    const auto& limit = of(carrier).limits[static_cast<std::size_t>(resource)];
    if (resource == RLIMIT_RTTIME) {
        if (limit)
            return {limit->soft.value_or(RLIM_INFINITY), limit->hard};
        // No process has a number that was not unlimited before.
        return number_of(carrier) == 0 ? held : rlimit{RLIM_INFINITY, RLIM_INFINITY};
    }
    if (!limit)
        return held;
    const bool is_held = limit->soft && held.rlim_cur == limit->soft_held;
    return {is_held ? *limit->soft : held.rlim_cur, limit->hard};
}

std::size_t RootStates::number_of(const rlimit& carrier) const {
    if (carrier.rlim_max > first_carrier)
        return 0;
    const rlim_t number = first_carrier - carrier.rlim_max;
    return number < states_.size() ? static_cast<std::size_t>(number) : 0;
}

std::optional<rlimit> RootStates::carry(const rlimit& carrier, const RootState& state) {
    const std::size_t now = number_of(carrier);
    if (states_[now] == state)
        return carrier;
    const auto higher = states_.begin() + static_cast<std::ptrdiff_t>(now) + 1;
    const auto found = std::find(higher, states_.end(), state);
    const auto number = static_cast<std::size_t>(found - states_.begin());
    const rlim_t value = first_carrier - number;
    if (value >= carrier.rlim_max || number >= states_max)
        return std::nullopt;
    if (found == states_.end())
        states_.push_back(state);
    return rlimit{value, value};
}

int read_limit(pid_t process, int resource, rlimit& limit) {
    const auto which = static_cast<__rlimit_resource>(resource);
    return ::prlimit(process, which, nullptr, &limit) == 0 ? 0 : errno;
}

int write_limit(pid_t process, int resource, const rlimit& limit) {
    const auto which = static_cast<__rlimit_resource>(resource);
    return ::prlimit(process, which, &limit, nullptr) == 0 ? 0 : errno;
}

}  // namespace glovebox::supervisor
