// SPDX-License-Identifier: Apache-2.0

// One run of an enclave image: `glovebox run --eif`, and run-enclave of nitro-cli.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "core/base/log.h"
#include "core/base/reported_work.h"
#include "sim/enclave/boot_image.h"
#include "sim/enclave/module_settings.h"
#include "sim/enclave/nsm_session.h"
#include "sim/enclave/program_run.h"
#include "sim/enclave/session.h"
#include "sim/enclave/world_trust.h"
#include "sim/nitro_cli/enclave_details.h"
#include "sim/nitro_cli/heartbeat_listener.h"

namespace glovebox::nitro_cli {

struct ImageRun {
    std::string eif;
    std::string world;
    std::optional<core::Cid> cid;
    std::optional<std::uint64_t> memory_mib;
    std::optional<unsigned> cpu_count;
    bool live_console = false;
    bool trace = false;
    bool trace_connections = false;
    std::size_t trace_traffic = 0;
    bool kernel_vsock = false;  // RunOptions::kernel_vsock; not for an image with an own init
    ReportedWork::Lines progress = ReportedWork::Lines::anywhere;  // where to show it
    enclave::WorldTrust trust;  // how it trusts the world's TLS authority, if the world has one
    // Who answers the heartbeat; by default a listener of the run's own, for an image that sends it
    // itself. Outlives the run until `started` is called.
    const HeartbeatListener* heartbeat = nullptr;
    // The name, CPUs and memory that nitro-cli has chosen, if any. run() adds the ID, measurements
    // and metadata and stores them in the record.
    EnclaveDetails details;
    std::function<void(const enclave::EnclaveRecord&)> started;
    enclave::Readiness readiness;
    std::function<void(const enclave::EnclaveRecord&, int world)> ended;
    enclave::TellFailure tell;  // by default "glovebox: SENTENCE" on standard error

    // Opens an image. E19 if the file cannot be opened, E35 if it is not an image, E26 if it needs
    // more memory.
    [[nodiscard]] static Result<enclave::BootImage> open(const std::string& eif,
                                                         std::optional<std::uint64_t> memory_mib);
    // Checks the image, unpacks it and runs it to its end. `nsm` are the settings of its module,
    // without the measurements, which are the image's. Returns the program's exit status, or 128
    // and the signal that killed it; 126 or 127 if it cannot be executed; 1 if init ends before it.
    // Throws ErrorException for every other error: E35 for a part of the image that cannot be read,
    // E59 for its signature, E36 for an image that does not boot.
    [[nodiscard]] int run(const enclave::BootImage& image, const enclave::ModuleSettings& nsm,
                          Log& log) const;

  private:
    struct Loaded {
        enclave::InitStart start;
        std::unique_ptr<enclave::NsmSession> module;
        std::string details;
    };
    [[nodiscard]] std::chrono::seconds heartbeat_limit(std::uint64_t image_bytes) const;
    [[nodiscard]] int run_init(transports::World& at, enclave::RunOptions options,
                               std::uint64_t image_bytes, const std::string& root, Log& log) const;
    [[nodiscard]] Loaded load(const enclave::BootImage& image, enclave::ModuleSettings nsm,
                              Progress& progress, Log& log) const;
};

}  // namespace glovebox::nitro_cli
