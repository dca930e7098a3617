// SPDX-License-Identifier: Apache-2.0

// The security module that the enclave asks: /dev/nsm where it exists, so on Nitro and in a
// Glovebox enclave; elsewhere a mock in this process, measured as this very program.
#pragma once

#include <CLI/App.hpp>
#include <memory>
#include <string>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/random_source.h"
#include "nsm-mock/module/nsm_device.h"

namespace glovebox::example {

struct NsmOptions {
    std::string pki;     // the mock PKI's directory; empty for the user's own
    bool debug = false;  // as an enclave that was started in debug mode

    void add_to(CLI::App& app);
};

// Throws ErrorException when there is no device and the mock can't be made either. The references
// outlive the module.
[[nodiscard]] std::unique_ptr<nsm::NsmDevice> open_nsm(const NsmOptions& options,
                                                       const Clock& clock, RandomSource& random,
                                                       Log& log);

}  // namespace glovebox::example
