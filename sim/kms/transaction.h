// SPDX-License-Identifier: Apache-2.0

// Statements that are carried out together or not at all. While one thread has a transaction, all
// others of the store wait, and so does every process that writes to the file: what was read in a
// transaction is still so when it is changed.
#pragma once

#include <mutex>
#include <utility>

#include "sim/kms/sqlite_schema.h"

namespace glovebox::kms {

class Transaction {
  public:
    // Within another one of the same thread, it is a part of that one, and can be undone alone.
    [[nodiscard]] static Result<Transaction> begin(SharedDatabase& shared);

    Transaction(Transaction&& other) noexcept
        : lock_(std::move(other.lock_)), shared_(std::exchange(other.shared_, nullptr)) {}
    Transaction& operator=(Transaction&&) = delete;
    // Undoes what was not committed.
    ~Transaction();

    // The last call. After an error, nothing has changed.
    [[nodiscard]] Result<void> commit();

  private:
    Transaction(std::unique_lock<std::recursive_mutex> lock, SharedDatabase& shared)
        : lock_(std::move(lock)), shared_(&shared) {}

    std::unique_lock<std::recursive_mutex> lock_;
    SharedDatabase* shared_;  // null: committed, or moved from
};

}  // namespace glovebox::kms
