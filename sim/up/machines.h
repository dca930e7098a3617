// SPDX-License-Identifier: Apache-2.0

// A world in virtual machines: the command lines that make them.
//
// The parent's machine has the KMS, the metadata service, the proxies, the forwards and the
// command; each enclave has a machine of its own. All machines boot at once, and whatever runs in
// one is started later by an agent's socket (sim/vm/agent.h). They
// have this machine's files, and a switch joins their vsock devices. The world's directory and the
// working directory are shared with all of them, so that what is written there is here.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/service/child_process.h"
#include "sim/up/world_parts.h"

namespace glovebox::up {

class Machines {
  public:
    // `world` outlives it. `program` is glovebox, `directory` the world's; the sockets are in it.
    Machines(const WorldFile& world, std::string program, std::string directory);

    [[nodiscard]] core::Command vsock_switch() const;
    [[nodiscard]] core::Command parent() const;
    [[nodiscard]] core::Command machine_of(const EnclavePart& enclave) const;
    // A part's command, in the parent's machine. `label` is the part's, "parent" the command's.
    [[nodiscard]] core::Command in_parent(core::Command command, std::string_view label) const;
    // An enclave's command, in its own machine.
    [[nodiscard]] core::Command in_own(core::Command command, const EnclavePart& enclave) const;

  private:
    [[nodiscard]] std::string agent_socket(std::string_view label) const;
    [[nodiscard]] std::string agent_socket(const EnclavePart& enclave) const;
    [[nodiscard]] std::string vsock_socket(std::uint32_t cid) const;
    [[nodiscard]] std::vector<std::string> guest(std::string_view name, std::uint32_t cid) const;
    void add_agents(std::vector<std::string>& words, std::size_t count) const;
    [[nodiscard]] core::Command exec(const std::string& agent, core::Command command) const;

    const WorldFile& world_;
    std::string program_;
    std::string directory_;
    std::vector<std::string> labels_;  // of the parts in the parent's machine
};

}  // namespace glovebox::up
