// SPDX-License-Identifier: Apache-2.0

// One run of an enclave image: `glovebox run --eif` and nitro-cli's run-enclave.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "core/base/log.h"
#include "sim/enclave/boot_image.h"
#include "sim/enclave/module_settings.h"
#include "sim/enclave/session.h"
#include "sim/sandbox/trust.h"

namespace glovebox::nitro_cli {

struct ImageRun {
    std::string eif;
    std::string world;
    std::optional<core::Cid> cid;
    std::optional<std::uint64_t> memory_mib;
    std::optional<unsigned> cpu_count;
    bool live_console = false;
    bool trace = false;
    std::optional<sandbox::TrustedAuthority> authority;  // trusted beside the image's own
    // What the record keeps beside what runs: of the module's id and of the image.
    std::function<std::string(const std::string&, const eif::Description&)> details;
    std::function<void(const enclave::EnclaveRecord&)> started;
    enclave::Readiness readiness;
    std::function<void(const enclave::EnclaveRecord&, int world)> ended;

    // What nitro-cli and the hypervisor check of an image: E19, E26, E35, E59, and E36 for one that
    // does not boot.
    [[nodiscard]] static Result<enclave::BootImage> open(const std::string& eif,
                                                         std::optional<std::uint64_t> memory_mib);
    // `nsm` gets the image's measurements. The program's exit status, 128 and the signal that
    // killed it, 126 or 127 when it can't be executed, 1 where init ended before. Throws
    // ErrorException for everything else.
    [[nodiscard]] int run(const enclave::BootImage& image, enclave::ModuleSettings nsm,
                          Log& log) const;
};

}  // namespace glovebox::nitro_cli
