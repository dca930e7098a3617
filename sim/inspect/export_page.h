// SPDX-License-Identifier: Apache-2.0

// The page as one HTML file that needs no server: its style, its modules and the events are in it.
// It is what a CI keeps of a red run.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "sim/inspect/subject.h"

namespace glovebox::inspect {

// With the events until now, and the decisions on refused requests to the KMS that they have. Its
// Content-Security-Policy names the scripts by their hashes and allows no connection. The page
// comes piece by piece: the events of a long run are never in memory twice.
class ExportPage {
  public:
    // The subject outlives it.
    explicit ExportPage(const Subject& subject);

    // The next piece, never an empty one, and nothing after the last one.
    [[nodiscard]] std::optional<std::string> next();

  private:
    enum class Step { head, events, decisions, done };

    std::string events_piece();
    std::string decision_piece();

    const Subject& subject_;
    std::unique_ptr<EventReader> reader_;
    Step step_ = Step::head;
    std::string behind_;  // what follows the events and decisions
    bool is_first_ = true;
    std::set<std::string> known_;     // requests that were refused
    std::deque<std::string> wanted_;  // those of them whose decisions are still to come
};

}  // namespace glovebox::inspect
