// SPDX-License-Identifier: Apache-2.0

// An enclave while its image is measured and unpacked: it has its CID, `glovebox ps` shows it, and
// signals and `glovebox stop` end it.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "core/base/clock.h"
#include "core/base/reported_work.h"
#include "sim/enclave/record.h"
#include "sim/enclave/reservation.h"
#include "transports/world.h"

namespace glovebox::nitro_cli {

// The steps before an enclave begins. Whatever ends them early, an error or Interrupted, leaves the
// world as it was.
class ImageLoading {
  public:
    // `record` holds what is known of the enclave already; the world and the clock outlive the
    // object. Errors are Reservation's.
    [[nodiscard]] static Result<std::unique_ptr<ImageLoading>> begin(transports::World& world,
                                                                     const Clock& clock,
                                                                     std::optional<core::Cid> cid,
                                                                     enclave::EnclaveRecord record,
                                                                     ReportedWork::Lines lines);

    [[nodiscard]] Progress& progress() { return work_.progress(); }
    [[nodiscard]] const std::shared_ptr<enclave::Reservation>& reservation() const {
        return reservation_;
    }
    // After `glovebox stop`: the record and the empty console of an enclave that was stopped.
    // Calls `ended`. The exit status.
    [[nodiscard]] Result<int> stopped(
        const std::function<void(const enclave::EnclaveRecord&, int world)>& ended);

  private:
    ImageLoading(transports::World& world, const Clock& clock,
                 std::shared_ptr<enclave::Reservation> reservation, enclave::EnclaveRecord record,
                 ReportedWork::Lines lines);

    transports::World& world_;
    const Clock& clock_;
    std::shared_ptr<enclave::Reservation> reservation_;
    enclave::EnclaveRecord record_;
    ReportedWork work_;
};

}  // namespace glovebox::nitro_cli
