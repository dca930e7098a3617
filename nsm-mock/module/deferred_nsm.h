// SPDX-License-Identifier: Apache-2.0

// A module that is made while its enclave starts.
//
// Measuring a large program takes longer than starting it (SHA-384: about 2 ms a megabyte), and few
// programs use their module at once. So a thread makes the module, and an early request waits.
#pragma once

#include <functional>
#include <future>
#include <memory>

#include "core/base/error.h"
#include "nsm-mock/module/nsm_device.h"

namespace glovebox::nsm {

// As safe from several threads as the device that is made. The destructor waits for the thread.
class DeferredNsm final : public NsmDevice {
  public:
    using Make = std::function<Result<std::unique_ptr<NsmDevice>>()>;

    // Runs `make` in a thread that has all signals blocked. If it fails, `make` reports why, and
    // the module answers every request with InternalError.
    explicit DeferredNsm(Make make);

    [[nodiscard]] Bytes process(BytesView request) override;

  private:
    [[nodiscard]] static std::shared_future<std::shared_ptr<NsmDevice>> start(Make make);

    std::shared_future<std::shared_ptr<NsmDevice>> device_;
};

}  // namespace glovebox::nsm
