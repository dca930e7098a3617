// SPDX-License-Identifier: Apache-2.0

// A key store whose tables are in a database of PostgreSQL, for several KMS processes.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sim/kms/key_store.h"

namespace glovebox::kms {

// Whether this program was made with PostgreSQL.
[[nodiscard]] bool knows_key_databases();

struct KeyDatabase {
    std::unique_ptr<KeyStore> keys;
    std::string place;  // for the log, without a password
};

// Connects, and makes the tables that are missing. Up to `connections` requests use the database at
// the same time. The error says why it cannot be reached, or that this program was made without
// PostgreSQL.
[[nodiscard]] Result<KeyDatabase> open_key_database(const std::string& connection_string,
                                                    const std::string& region,
                                                    std::size_t connections);

// The mistake in a connection string, which is not quoted, or that this program was built without
// PostgreSQL; empty for a good one.
[[nodiscard]] std::string why_not_key_database(const std::string& connection_string);
// The files that a connection may have to read, whenever it is made again: passwords, certificates.
// They need not exist.
[[nodiscard]] std::vector<std::string> files_of_key_database(const std::string& connection_string);
// Whether other users of this machine would see a password in it, as an argument of a process.
[[nodiscard]] bool shows_password(const std::string& connection_string);

}  // namespace glovebox::kms
