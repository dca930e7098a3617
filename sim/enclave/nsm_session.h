// SPDX-License-Identifier: Apache-2.0

// The security module of `glovebox nsm`, real or simulated, with everything that it needs; and the
// module of an enclave.
#pragma once

#include <future>
#include <memory>
#include <string>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "nsm-mock/module/nsm_device.h"
#include "nsm-mock/pki/certificate_authority.h"
#include "sim/enclave/module_settings.h"

namespace glovebox::enclave {

class NsmSession {
  public:
    virtual ~NsmSession() = default;

    [[nodiscard]] virtual nsm::NsmDevice& device() = 0;
    // Its clock, which may be shifted; null for one that can't be.
    [[nodiscard]] virtual ShiftedClock* clock() { return nullptr; }
    // "mock", or the device's path.
    [[nodiscard]] virtual std::string name() const = 0;
    // Writes the module's state to its state file, if it has one.
    [[nodiscard]] virtual Result<void> save() = 0;
};

// `device` is "mock", a path, or empty: /dev/nsm if that exists, otherwise the mock. `state_path`
// is a file that keeps a mock's registers, or empty. Options of the simulated module are an error
// for a real one, and options of the boot for one whose state file says that it has booted.
[[nodiscard]] Result<std::unique_ptr<NsmSession>> open_nsm_session(const std::string& device,
                                                                   const std::string& state_path,
                                                                   const ModuleSettings& settings,
                                                                   Log& log);

// The mock root, read by a thread from now on: that takes 2 ms, of which most is OpenSSL's own
// start, and an enclave's preparation takes as long. The destructor waits for the thread.
class RootReading {
  public:
    explicit RootReading(const ModuleSettings& settings);

    // Waits for the thread. Call it once.
    [[nodiscard]] Result<nsm::CaIdentity> take() { return root_.get(); }

  private:
    std::future<Result<nsm::CaIdentity>> root_;
};

// The simulated module of an enclave that starts; a thread makes it meanwhile (deferred_nsm.h).
// Usage errors are returned, those of `root` too; a program file that cannot be read to its end is
// only logged. `log` outlives it.
[[nodiscard]] Result<std::unique_ptr<NsmSession>> start_nsm_session(const ModuleSettings& settings,
                                                                    RootReading& root, Log& log);

}  // namespace glovebox::enclave
