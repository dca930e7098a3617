// SPDX-License-Identifier: Apache-2.0

// The connections to one database that several stores share. A thread that needs one waits until
// one is free, and gets the same one again for as long as it holds it: the statements of a
// transaction are of one connection.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "sim/kms/database.h"

namespace glovebox::kms {

class DatabasePool {
    struct Slot {
        std::unique_ptr<Database> database;
        std::thread::id owner{};
        std::size_t leases = 0;  // of the owner
    };

  public:
    // A connection, for this thread alone. Must end on the thread that made it.
    class Lease {
      public:
        Lease(Lease&& other) noexcept
            : pool_(other.pool_), slot_(std::exchange(other.slot_, nullptr)) {}
        Lease& operator=(Lease&&) = delete;
        ~Lease() {
            if (slot_ != nullptr)
                pool_.give_back(*slot_);
        }
        Database* operator->() const { return slot_->database.get(); }

      private:
        friend class DatabasePool;
        Lease(DatabasePool& pool, Slot& slot) : pool_(pool), slot_(&slot) {}

        DatabasePool& pool_;
        Slot* slot_;  // null: moved from
    };

    // At least one. SQLite has exactly one here: its writers take turns, and a database in memory
    // is one connection's own.
    explicit DatabasePool(std::vector<std::unique_ptr<Database>> databases);

    [[nodiscard]] Lease lease();

  private:
    void give_back(Slot& slot);

    std::mutex mutex_;
    std::condition_variable freed_;
    std::vector<Slot> slots_;
};

}  // namespace glovebox::kms
