// SPDX-License-Identifier: Apache-2.0

// What a run of a world came to, gathered from its timeline: for the summary and the annotations.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/up/last_lines.h"
#include "sim/up/timeline.h"
#include "sim/up/world_parts.h"

namespace glovebox::up {

class WorldReport {
  public:
    struct Enclave {
        std::string name;
        std::uint32_t cid = 0;
        std::optional<std::uint32_t> memory_mib;
        // "PCR0" and its value, hexadecimal; empty where its module's log does not have them.
        std::map<std::string, std::string> pcrs;
        std::size_t restarts = 0;
        std::optional<int> status;  // empty if it ran until the world ended
    };
    // A connection that was refused, or whose target could not be reached.
    struct Refusal {
        std::string part;
        std::string sentence;
        std::size_t times = 1;
    };
    static constexpr std::size_t refusals_max = 50;

    explicit WorldReport(const WorldFile& world);

    void take(const TimelineEntry& entry);

    [[nodiscard]] const std::vector<Enclave>& enclaves() const { return enclaves_; }
    // In the order of their first occurrence, at most refusals_max kinds.
    [[nodiscard]] const std::vector<Refusal>& refusals() const { return refusals_; }
    [[nodiscard]] std::size_t further_refusals() const { return further_refusals_; }
    // The last lines of each part.
    [[nodiscard]] const LastLines& last_lines() const { return last_lines_; }

  private:
    std::map<std::string, std::size_t> index_by_label_;
    std::vector<Enclave> enclaves_;
    std::vector<Refusal> refusals_;
    std::size_t further_refusals_ = 0;
    LastLines last_lines_;
};

}  // namespace glovebox::up
