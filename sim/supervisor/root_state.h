// SPDX-License-Identifier: Apache-2.0

// What processes have been told of their limits and priorities that the kernel does not know.
//
// Such a state belongs to a process, is shared by its threads, copied by fork and kept by exec. The
// kernel does all of that with the process's own limits, so one of them carries the state's number:
// RLIMIT_RTTIME, which bounds the CPU time of real-time threads alone. The upper part of its range,
// from 146,000 years on, is no bound, and a number there tells the state. Everybody may lower a
// limit, so each change of a process's state gives it the next number that means that state: every
// state has many, and a process never runs out of them.
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <array>
#include <cstddef>
#include <optional>
#include <vector>

namespace glovebox::supervisor {

struct RootState {
    // A limit that the program reads otherwise than the kernel holds it.
    struct Limit {
        rlim_t hard = 0;
        // Told as the soft limit while the kernel's is `soft_held`; no value: the kernel's.
        std::optional<rlim_t> soft{};
        rlim_t soft_held = 0;
        bool operator==(const Limit&) const = default;
    };
    std::array<std::optional<Limit>, RLIM_NLIMITS> limits{};

    struct Nice {
        int told = 0;
        int held = 0;  // told while the kernel's value is this one
        bool operator==(const Nice&) const = default;
    };
    std::optional<Nice> nice{};

    struct Policy {
        int policy = 0;  // as sched_getscheduler says it, with SCHED_RESET_ON_FORK
        int priority = 0;
        int held = 0;  // told while the kernel's policy is this one
        bool operator==(const Policy&) const = default;
    };
    std::optional<Policy> policy{};

    struct IoPriority {
        int told = 0;
        int held = 0;
        bool operator==(const IoPriority&) const = default;
    };
    std::optional<IoPriority> io_priority{};

    bool operator==(const RootState&) const = default;
};

class RootStates {
  public:
    // `first` is every process's, until it changes.
    explicit RootStates(RootState first) : states_{std::move(first)} {}

    [[nodiscard]] const RootState& of(const rlimit& carrier) const {
        return states_[number_of(carrier) % states_max];
    }
    // What a program reads of a limit that the kernel holds as `held`.
    [[nodiscard]] rlimit told(const rlimit& carrier, int resource, const rlimit& held) const;

    // The carrier for a process that has `carrier` now and shall have `state`. Nothing when there
    // are too many states, or the limit was below all numbers before.
    [[nodiscard]] std::optional<rlimit> carry(const rlimit& carrier, const RootState& state);

    static constexpr std::size_t states_max = 4096;

  private:
    [[nodiscard]] rlim_t number_of(const rlimit& carrier) const;

    std::vector<RootState> states_;  // a number's state is at its remainder by states_max
};

// The limit as it stands in a process: prlimit(2). An errno value, 0 for success.
[[nodiscard]] int read_limit(pid_t process, int resource, rlimit& limit);
[[nodiscard]] int write_limit(pid_t process, int resource, const rlimit& limit);

}  // namespace glovebox::supervisor
