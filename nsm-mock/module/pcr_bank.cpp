// SPDX-License-Identifier: Apache-2.0

#include "nsm-mock/module/pcr_bank.h"

#include <fmt/core.h>

#include "nsm-mock/module/nsm_error.h"

namespace glovebox::nsm {

namespace {

Error no_such_pcr(PcrIndex index) {
    return Error(NsmError::invalid_index,
                 fmt::format("there is no PCR{}: the last is PCR{}", index, pcr_count - 1));
}

Error is_locked(PcrIndex index) {
    return Error(NsmError::read_only_index,
                 fmt::format("PCR{} is locked{}", index,
                             index < platform_pcr_count
                                 ? ": PCR0 to PCR15 belong to the platform, a program has 16 to 31"
                                 : ""));
}

}  // namespace

Result<PcrBank::Register> PcrBank::describe(PcrIndex index) const {
    if (index >= pcr_count)
        return no_such_pcr(index);
    return registers_[index];
}

Result<Pcr> PcrBank::extend(PcrIndex index, BytesView data) {
    if (index >= pcr_count)
        return no_such_pcr(index);
    Register& target = registers_[index];
    if (target.locked)
        return is_locked(index);
    target.value = extended(target.value, data);
    return target.value;
}

Result<void> PcrBank::lock(PcrIndex index) {
    if (index >= pcr_count)
        return no_such_pcr(index);
    if (registers_[index].locked)
        return is_locked(index);
    registers_[index].locked = true;
    return {};
}

Result<void> PcrBank::lock_range(PcrIndex range) {
    if (range > pcr_count)
        return Error(NsmError::invalid_index,
                     fmt::format("a range of {} PCRs: there are {}", range, pcr_count));
    for (PcrIndex index = 0; index < range; ++index)
        registers_[index].locked = true;
    return {};
}

std::vector<PcrIndex> PcrBank::locked() const {
    std::vector<PcrIndex> indices;
    for (PcrIndex index = 0; index < pcr_count; ++index)
        if (registers_[index].locked)
            indices.push_back(index);
    return indices;
}

void PcrBank::set(PcrIndex index, const Pcr& value) {
    registers_.at(index).value = value;
}

}  // namespace glovebox::nsm
