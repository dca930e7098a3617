// SPDX-License-Identifier: Apache-2.0

// Statements that are carried out together or not at all (database.h), on a connection that is this
// thread's until they are.
#pragma once

#include <utility>

#include "sim/kms/database_pool.h"

namespace glovebox::kms {

class Transaction {
  public:
    // Within another one of the same thread, it is a part of that one, and can be undone alone.
    [[nodiscard]] static Result<Transaction> begin(DatabasePool& pool);

    Transaction(Transaction&& other) noexcept
        : lease_(std::move(other.lease_)), is_open_(std::exchange(other.is_open_, false)) {}
    Transaction& operator=(Transaction&&) = delete;
    // Undoes what was not committed.
    ~Transaction();

    [[nodiscard]] Query query(std::string_view sql) { return lease_->query(sql); }

    // The last call. After an error, nothing has changed.
    [[nodiscard]] Result<void> commit();

  private:
    explicit Transaction(DatabasePool::Lease lease) : lease_(std::move(lease)) {}

    DatabasePool::Lease lease_;
    bool is_open_ = true;  // false: committed, or moved from
};

}  // namespace glovebox::kms
