// SPDX-License-Identifier: Apache-2.0

// Explains why a program's connect was refused. AF_VSOCK answers ECONNRESET whatever the reason is;
// the world shows the reason.
#pragma once

#include <string>
#include <vector>

#include "core/address/vsock_address.h"
#include "core/base/clock.h"
#include "sim/enclave/record.h"
#include "transports/world.h"

namespace glovebox::enclave {

// The contents of a world at one moment, as far as they can explain a refusal.
struct WorldView {
    // An enclave that has ended, and the last lines of its console.
    struct Ended {
        core::Cid cid = 0;
        std::string reason;                // "exited with 1"
        std::optional<TimePoint> at;       // empty if `glovebox run` was killed
        std::vector<std::string> console;  // its last lines, without line ends
    };

    std::string name;  // the world's directory
    TimePoint now;
    std::vector<core::VsockAddress> listeners;  // of live sockets, ascending
    std::vector<core::Cid> running;   // enclaves whose record says that they run, ascending
    std::vector<core::Cid> starting;  // CIDs claimed by enclaves that still boot, ascending
    std::vector<Ended> ended;

    std::string elsewhere;  // worlds_elsewhere() of it

    [[nodiscard]] static WorldView read(const transports::World& world, const Clock& clock);
};

// Describes what is at `target` or instead of it, from the side with the CID `own`: a clause to
// follow a colon, such as "enclave 16 listens on vsock port 5005, not on 5999".
[[nodiscard]] std::string describe_destination(core::Cid own, core::VsockAddress target,
                                               const WorldView& world);

// One sentence without a full stop: the address that was dialled, what is there instead and, if
// possible, the command that helps. A sentence on another user's worlds may follow, and the last
// lines of a console, a line each. `own` is the CID of the side that dialled.
[[nodiscard]] std::string explain_refusal(core::Cid own, core::VsockAddress target,
                                          const WorldView& world);

}  // namespace glovebox::enclave
