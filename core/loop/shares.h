// SPDX-License-Identifier: Apache-2.0

// Slots of which no holder may take all, so that a new holder always finds one.
//
// A holder may take another slot while it has fewer than `weight` times the free ones; beyond its
// first slot it leaves one free. With weight 1, a holder that is alone gets half of all slots, and
// the next one half of the free ones; with weight 7, a holder gets seven eighths.
#pragma once

#include <algorithm>
#include <cstddef>
#include <map>

namespace glovebox::core {

template <class Holder>
class Shares {
  public:
    explicit Shares(std::size_t slots, std::size_t weight = 1) : slots_(slots), weight_(weight) {}

    [[nodiscard]] std::size_t slots() const { return slots_; }
    [[nodiscard]] std::size_t taken() const { return taken_; }
    [[nodiscard]] std::size_t held_by(const Holder& holder) const {
        const auto found = held_.find(holder);
        return found == held_.end() ? 0 : found->second;
    }

    // How many more the holder may take if no other holder takes any.
    [[nodiscard]] std::size_t room_for(const Holder& holder) const {
        const std::size_t left = slots_ - taken_;
        const std::size_t held = held_by(holder);
        if (left == 0)
            return 0;
        // The last step i is the one before which held + i < weight * (left - i).
        const std::size_t wanted =
            weight_ * left > held ? (weight_ * left - held + weight_) / (weight_ + 1) : 0;
        return std::max<std::size_t>(std::min(wanted, left - 1), held == 0 ? 1 : 0);
    }
    [[nodiscard]] bool may_take(const Holder& holder) const { return room_for(holder) > 0; }

    void take(const Holder& holder) {
        ++held_[holder];
        ++taken_;
    }
    void give_back(const Holder& holder) {
        const auto found = held_.find(holder);
        if (--found->second == 0)
            held_.erase(found);
        --taken_;
    }

  private:
    std::size_t slots_;
    std::size_t weight_;
    std::size_t taken_ = 0;
    std::map<Holder, std::size_t> held_;
};

}  // namespace glovebox::core
