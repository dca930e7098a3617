// SPDX-License-Identifier: Apache-2.0

// The security module that `glovebox nsm` asks, the real one or a simulated one with all that it is
// made of; and the one of an enclave.
#pragma once

#include <memory>
#include <string>

#include "core/base/log.h"
#include "nsm-mock/module/nsm_device.h"
#include "sim/enclave/module_settings.h"

namespace glovebox::enclave {

class NsmSession {
  public:
    virtual ~NsmSession() = default;

    [[nodiscard]] virtual nsm::NsmDevice& device() = 0;
    // "mock", or the device's path.
    [[nodiscard]] virtual std::string name() const = 0;
    // Keeps what the module has become, where it is to be kept.
    [[nodiscard]] virtual Result<void> save() = 0;
};

// `device` is "mock", a path, or empty: /dev/nsm where it exists, else the mock. `state_path` is a
// file that a mock's registers are kept in, or empty.
[[nodiscard]] Result<std::unique_ptr<NsmSession>> open_nsm_session(const std::string& device,
                                                                   const std::string& state_path,
                                                                   const ModuleSettings& settings,
                                                                   Log& log);

// The simulated module of an enclave that starts, which is made in the background. Usage errors are
// returned; a program file that cannot be read to its end is only logged.
[[nodiscard]] Result<std::unique_ptr<NsmSession>> start_nsm_session(const ModuleSettings& settings,
                                                                    Log& log);

}  // namespace glovebox::enclave
