// SPDX-License-Identifier: Apache-2.0

// Why a program's connect was refused. AF_VSOCK answers ECONNRESET whatever the reason is; what is
// in the world tells it.
#pragma once

#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/vsock_address.h"
#include "sim/enclave/record.h"
#include "transports/world.h"

namespace glovebox::enclave {

// What is in a world at one moment, as far as it explains a refusal.
struct WorldView {
    // An enclave that has ended, and the last lines of its console.
    struct Ended {
        core::Cid cid = 0;
        std::string reason;                // "exited with 1"
        std::optional<TimePoint> at;       // nothing when `glovebox run` was killed
        std::vector<std::string> console;  // its last lines, without line ends
    };

    std::string name;  // the world's directory
    TimePoint now;
    std::vector<core::VsockAddress> listeners;  // of live sockets, ascending
    std::vector<core::Cid> running;   // enclaves whose program has been started, ascending
    std::vector<core::Cid> starting;  // CIDs claimed by enclaves that still boot, ascending
    std::vector<Ended> ended;

    [[nodiscard]] static WorldView read(const transports::World& world, const Clock& clock);
};

// What there is at `target`, or instead of it, as seen by the side whose CID is `own`: a clause
// that can follow a colon, such as "enclave 16 listens on vsock port 5005, not on 5999".
[[nodiscard]] std::string describe_destination(core::Cid own, core::VsockAddress target,
                                               const WorldView& world);

// One sentence without a full stop, which names what was dialled, what is there instead and, where
// something can be done, the command that does it; a console's last lines follow on lines of their
// own. `own` is the CID of the side that dialled.
[[nodiscard]] std::string explain_refusal(core::Cid own, core::VsockAddress target,
                                          const WorldView& world);

}  // namespace glovebox::enclave
