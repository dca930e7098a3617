// SPDX-License-Identifier: Apache-2.0

// A world on an EC2 instance with Nitro Enclaves: what of it runs there, and the command lines.
//
// AWS's KMS and metadata service take the place of the world's. Each enclave is a process of
// `glovebox nitro run`; proxies, forwards and the command have the instance's own AF_VSOCK.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sim/up/not_run.h"
#include "sim/up/world_parts.h"

namespace glovebox::up {

// Takes out of the world what AWS has in its place, and what only the simulation has, which it
// returns.
[[nodiscard]] std::vector<NotRun> limit_to_hardware(WorldFile& world);
// The kinds of events that nobody observes there (event_kinds.h).
[[nodiscard]] std::vector<std::string_view> not_observed_on_hardware();

// The enclave's name in nitro-cli, which no other world's has; `directory` is the world's.
[[nodiscard]] std::string hardware_name(const EnclavePart& enclave, const std::string& directory);

// The arguments behind `glovebox` of an enclave that has an image, memory and CPUs.
[[nodiscard]] std::vector<std::string> hardware_enclave(const EnclavePart& enclave,
                                                        const std::string& directory);

}  // namespace glovebox::up
