// SPDX-License-Identifier: Apache-2.0

// The tables of a key store in SQLite. Keys of all Regions are in one file, so that the replicas of
// a multi-Region key are where a KMS of their Region finds them.
#pragma once

#include "sim/kms/sqlite.h"

namespace glovebox::kms {

// Makes the tables. A file of an older version is changed to this one's; its keys become those of
// `region`. An error if a later version of Glovebox wrote the file.
[[nodiscard]] Result<void> prepare_tables(SqliteDatabase& database, const std::string& file,
                                          const std::string& region);

}  // namespace glovebox::kms
