// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/root_state.h"

#include <algorithm>
#include <cerrno>

namespace glovebox::supervisor {
namespace {

// Half of the unsigned range: as a signed number of microseconds too it is one.
constexpr rlim_t first_carrier = RLIM_INFINITY / 2;
// Below: a limit that somebody else has set.
constexpr rlim_t last_carrier = first_carrier / 2;

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

rlim_t RootStates::number_of(const rlimit& carrier) const {
    if (carrier.rlim_max > first_carrier || carrier.rlim_max < last_carrier)
        return 0;
    const rlim_t number = first_carrier - carrier.rlim_max;
    return number % states_max < states_.size() ? number : 0;
}

std::optional<rlimit> RootStates::carry(const rlimit& carrier, const RootState& state) {
    if (of(carrier) == state)
        return carrier;
    const auto found = std::find(states_.begin(), states_.end(), state);
    const auto index = static_cast<rlim_t>(found - states_.begin());
    const rlim_t now = number_of(carrier);
    const rlim_t round = now - now % states_max;
    const rlim_t number = round + index + (index > now % states_max ? 0 : states_max);
    if (index >= states_max || number > first_carrier - last_carrier ||
        first_carrier - number >= carrier.rlim_max)
        return std::nullopt;
    if (found == states_.end())
        states_.push_back(state);
    return rlimit{first_carrier - number, first_carrier - number};
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
