// SPDX-License-Identifier: Apache-2.0

// glovebox vm agent: runs what `glovebox vm exec` sends, in a guest.

#include <fmt/core.h>
#include <poll.h>

#include "sim/cli/log_option.h"
#include "sim/cli/vm_options.h"
#include "sim/vm/agent.h"
#include "sim/vm/qemu_command.h"

namespace glovebox::cli {
namespace {

int serve(const Values& values) {
    std::vector<std::string> ports;
    for (unsigned i = 0; i < values.number<unsigned>("COUNT"); ++i)
        ports.push_back(fmt::format("/dev/vport0p{}", vm::first_agent_port + i));
    vm::start_agents(ports).value();
    make_log(values, "vm")->info("ready", "ready: the virtual machine runs");
    for (;;)
        ::poll(nullptr, 0, -1);
}

}  // namespace

Command vm_agent_command() {
    return {.name = "agent",
            .summary = "Run the commands of `glovebox vm exec` inside a virtual machine",
            .options = log_options(),
            .positionals = {{.name = "COUNT",
                             .kind = Kind::number,
                             .noun = "the number of --agent-socket",
                             .least = 1,
                             .most = 60,
                             .is_required = true,
                             .summary = "How many of --agent-socket the guest has"}},
            .examples = {{"A guest that waits for commands",
                          "glovebox vm run --host-files --agent-socket a.sock -- "
                          "glovebox vm agent 1"}},
            .see_also = {"glovebox-vm(1)"},
            .run = serve};
}

}  // namespace glovebox::cli
