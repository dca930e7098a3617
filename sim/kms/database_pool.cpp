// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/database_pool.h"

#include <algorithm>

namespace glovebox::kms {

DatabasePool::DatabasePool(std::vector<std::unique_ptr<Database>> databases) {
    for (auto& one : databases)
        slots_.push_back(Slot{std::move(one)});
}

DatabasePool::Lease DatabasePool::lease() {
    const auto self = std::this_thread::get_id();
    std::unique_lock lock(mutex_);
    const auto owned_by = [this](std::thread::id owner) {
        return std::find_if(slots_.begin(), slots_.end(), [owner](const Slot& one) {
            return one.leases > 0 ? one.owner == owner : owner == std::thread::id();
        });
    };
    auto found = owned_by(self);
    if (found == slots_.end()) {
        freed_.wait(lock, [&] {
            found = owned_by({});
            return found != slots_.end();
        });
        found->owner = self;
    }
    ++found->leases;
    return Lease(*this, *found);
}

void DatabasePool::give_back(Slot& slot) {
    {
        const std::lock_guard lock(mutex_);
        if (--slot.leases > 0)
            return;
    }
    freed_.notify_one();
}

}  // namespace glovebox::kms
