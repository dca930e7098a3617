// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/transaction.h"

namespace glovebox::kms {

Result<Transaction> Transaction::begin(DatabasePool& pool) {
    DatabasePool::Lease lease = pool.lease();
    if (auto begun = lease->begin(); !begun)
        return begun.error();
    return Transaction(std::move(lease));
}

Transaction::~Transaction() {
    if (is_open_)
        lease_->rollback();
}

Result<void> Transaction::commit() {
    if (auto committed = lease_->commit(); !committed)
        return committed;
    is_open_ = false;
    return {};
}

}  // namespace glovebox::kms
