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

// In the world's directory.
inline constexpr const char* event_file_name = "events.jsonl";

// A `part` (its label) and its `kind` each; of an enclave its `cid` as well.
[[nodiscard]] boost::json::array parts_of(const WorldFile& world);

class EventFile {
  public:
    // Further events are counted, and the last line says how many there were.
    static constexpr std::size_t events_max = 200'000;

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
    // What a line could not be written for (the disk was full); later events were tried as well.
    [[nodiscard]] const std::optional<Error>& failure() const { return failure_; }

  private:
    EventFile(std::string path, UniqueFd lock, LineFile lines)
        : path_(std::move(path)), lock_(std::move(lock)), lines_(std::move(lines)) {}

    void append(const TimelineEntry& entry);

    std::string path_;
    UniqueFd lock_;
    LineFile lines_;
    std::size_t events_ = 0;
    std::size_t further_ = 0;
    std::optional<Error> failure_;
};

}  // namespace glovebox::up
