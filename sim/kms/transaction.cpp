// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/transaction.h"

namespace glovebox::kms {

Result<Transaction> Transaction::begin(SharedDatabase& shared) {
    std::unique_lock lock(shared.mutex);
    // Immediate: two transactions that read before they write would otherwise lock each other out.
    if (auto begun = shared.database->execute(shared.transactions == 0 ? "BEGIN IMMEDIATE"
                                                                       : "SAVEPOINT inner");
        !begun)
        return begun.error();
    ++shared.transactions;
    return Transaction(std::move(lock), shared);
}

Transaction::~Transaction() {
    if (shared_ == nullptr)
        return;
    --shared_->transactions;
    // SQLite has undone it already after some errors, such as a full disk.
    static_cast<void>(shared_->database->execute(
        shared_->transactions == 0 ? "ROLLBACK" : "ROLLBACK TO inner; RELEASE inner"));
}

Result<void> Transaction::commit() {
    if (auto committed =
            shared_->database->execute(shared_->transactions == 1 ? "COMMIT" : "RELEASE inner");
        !committed)
        return committed;
    --shared_->transactions;
    shared_ = nullptr;
    return {};
}

}  // namespace glovebox::kms
