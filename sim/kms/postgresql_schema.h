// SPDX-License-Identifier: Apache-2.0

// The tables of a key store in PostgreSQL, in the schema glovebox_kms.
#pragma once

#include "sim/kms/postgresql.h"

namespace glovebox::kms {

// Makes the schema and the tables where they are missing; several processes may do so at once. An
// error if a later version of Glovebox made them, or if the role may not make a schema.
[[nodiscard]] Result<void> prepare_tables(PostgresDatabase& database);

}  // namespace glovebox::kms
