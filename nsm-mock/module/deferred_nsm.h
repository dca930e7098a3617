// SPDX-License-Identifier: Apache-2.0

// A module that is still being made while its enclave starts.
//
// Measuring a program of some size takes longer than starting it (SHA-384: about 2 ms a megabyte),
// and few programs use their module at once. So a thread makes it, and an early caller waits.
#pragma once

#include <functional>
#include <future>
#include <memory>

#include "core/base/error.h"
#include "nsm-mock/module/nsm_device.h"

namespace glovebox::nsm {

// Safe from any thread. Its end waits for the thread's.
class DeferredNsm final : public NsmDevice {
  public:
    using Make = std::function<Result<std::unique_ptr<NsmDevice>>()>;

    // `make` runs in a thread that takes no signals. It says itself why it failed; the module then
    // answers every request with InternalError.
    explicit DeferredNsm(Make make);

    [[nodiscard]] Bytes process(BytesView request) override;

  private:
    std::shared_future<std::shared_ptr<NsmDevice>> device_;
};

}  // namespace glovebox::nsm
