// SPDX-License-Identifier: Apache-2.0

// One run of a program of this machine, or of a root file system, as an enclave: `glovebox run`.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/base/log.h"
#include "sim/enclave/module_settings.h"
#include "sim/enclave/program_run.h"
#include "sim/enclave/room_request.h"
#include "sim/enclave/session.h"
#include "sim/enclave/world_trust.h"

namespace glovebox::enclave {

struct EnclaveRun {
    std::string world;
    std::vector<std::string> arguments;
    RoomSettings room;
    bool must_have_room = false;  // require a sandbox even if the settings only prefer one
    WorldTrust trust;
    ModuleSettings nsm;
    std::optional<core::Cid> cid;
    bool live_console = false;
    bool trace = false;
    bool trace_connections = false;
    std::size_t trace_traffic = 0;
    bool kernel_vsock = false;  // RunOptions::kernel_vsock
    Readiness readiness;
    std::function<void(const EnclaveRecord&)> started;
    std::function<void(const EnclaveRecord&, int world)> ended;

    // As ProgramRun::run.
    [[nodiscard]] int run(Log& log, const TellFailure& tell) const;
};

}  // namespace glovebox::enclave
