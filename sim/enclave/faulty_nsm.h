// SPDX-License-Identifier: Apache-2.0

// A module with the faults of its world (`glovebox fault nsm`, `glovebox fault clock`).
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>

#include "core/address/vsock_address.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/fault/client.h"
#include "nsm-mock/module/nsm_device.h"

namespace glovebox::enclave {

class FaultyNsm final : public nsm::NsmDevice {
  public:
    // `behind` is the module of the enclave `cid`, and `clock` its clock, or null. They and `log`
    // outlive it.
    FaultyNsm(nsm::NsmDevice& behind, std::unique_ptr<fault::Client> faults, core::Cid cid,
              ShiftedClock* clock, Log& log)
        : behind_(behind), faults_(std::move(faults)), cid_(cid), clock_(clock), log_(log) {}

    [[nodiscard]] Bytes process(BytesView request) override;
    [[nodiscard]] bool may_wait() const override { return true; }
    void stop_waiting() override;

  private:
    void wait(std::chrono::milliseconds time);

    nsm::NsmDevice& behind_;
    const std::unique_ptr<fault::Client> faults_;
    const core::Cid cid_;
    ShiftedClock* const clock_;
    Log& log_;

    std::mutex mutex_;
    std::condition_variable is_over_now_;
    bool is_over_ = false;  // guarded by mutex_
};

}  // namespace glovebox::enclave
