// SPDX-License-Identifier: Apache-2.0

// The tables of a key store. Keys of all Regions are in one file, so that the replicas of a
// multi-Region key are where a KMS of their Region finds them.
#pragma once

#include <mutex>

#include "sim/kms/sqlite.h"

namespace glovebox::kms {

// One database of several stores. The mutex lets one statement run at a time, or one transaction
// (transaction.h), whose statements take it again.
struct SharedDatabase {
    std::recursive_mutex mutex;
    std::unique_ptr<Database> database;
    int transactions = 0;  // that have begun, one within the other
};

// Makes the tables. A file of an older version is changed to this one's; its keys become those of
// `region`. An error if a later version of Glovebox wrote the file.
[[nodiscard]] Result<void> prepare_tables(Database& database, const std::string& file,
                                          const std::string& region);

// Milliseconds since 1970, as the tables have times.
[[nodiscard]] inline std::int64_t to_ms(TimePoint time) {
    return time.time_since_epoch().count();
}
[[nodiscard]] inline std::optional<std::int64_t> to_ms(std::optional<TimePoint> time) {
    return time ? std::optional(to_ms(*time)) : std::nullopt;
}
[[nodiscard]] inline TimePoint from_ms(std::int64_t milliseconds) {
    return TimePoint(std::chrono::milliseconds(milliseconds));
}

}  // namespace glovebox::kms
