// SPDX-License-Identifier: Apache-2.0

// The events of a run of a world, in the world's directory while it runs: the lines of the timeline
// as JSON, of all levels (docs/logs.md). `glovebox inspect` and `glovebox logs --json` read it.
//
//   the first line     the event "world": its file, target, command, KMS trace, and its parts
//   the last line      the event "world_ended": how the run ended
//
// Whoever writes it holds a lock on it (flock(2)), so that a reader knows of a run that was killed.
#pragma once

#include <boost/json/array.hpp>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/error.h"
#include "core/base/line_file.h"
#include "core/base/unique_fd.h"
#include "sim/up/summary.h"
#include "sim/up/timeline.h"
#include "sim/up/world_parts.h"

namespace glovebox::up {

// Whether the run whose event file this descriptor has open still lasts.
[[nodiscard]] bool is_being_written(int file);

// In the world's directory.
inline constexpr const char* event_file_name = "events.jsonl";

// A `part` (its label) and its `kind` each; of an enclave its `cid` as well,
// and the file of its image, `eif`, if it has one.
[[nodiscard]] boost::json::array parts_of(const WorldFile& world);

class EventFile {
  public:
    // Further events are counted, and the last line says how many there were. Refusals, and what
    // `up` itself says, are still kept then, so that no part can hide them by its output: as many
    // as this of each.
    static constexpr std::size_t events_max = 200'000;
    static constexpr std::size_t important_max = 20'000;

    struct Facts {
        std::string file;
        std::string target;
        std::vector<std::string> command;
        std::string kms_trace;
        std::string version;  // Glovebox's
    };

    // Empties the file of an earlier run. The error names the file, or says that another run has
    // it.
    [[nodiscard]] static Result<EventFile> open(const std::string& directory);

    void begin(const WorldFile& world, const Facts& facts);
    void take(const TimelineEntry& entry);
    // The last line; the lock is gone afterwards.
    void finish(const WorldOutcome& outcome);

    // Every event that the file has, for a record. Called before finish() or after it.
    [[nodiscard]] Result<boost::json::array> read() const;
    // The events beyond the limits.
    [[nodiscard]] std::size_t further() const { return further_; }
    // The events that could not be written, as on a full disk, and a sentence with their number and
    // the first one's cause; nothing if all were written. After finish(): its line counts as well.
    [[nodiscard]] std::size_t lost() const { return lost_; }
    [[nodiscard]] std::optional<Error> failure() const;

  private:
    EventFile(std::string path, UniqueFd lock, LineFile lines)
        : path_(std::move(path)), lock_(std::move(lock)), lines_(std::move(lines)) {}

    void append(const TimelineEntry& entry);
    [[nodiscard]] bool is_kept(const TimelineEntry& entry);

    std::string path_;
    UniqueFd lock_;
    LineFile lines_;
    std::size_t events_ = 0;
    std::size_t refusals_ = 0;  // beyond events_max, as own_
    std::size_t own_ = 0;       // of `up`
    std::size_t further_ = 0;
    std::size_t lost_ = 0;
    std::optional<Error> failure_;  // the first one's
};

}  // namespace glovebox::up
