// SPDX-License-Identifier: Apache-2.0

// glovebox exec: a command inside a running enclave.

#include "sim/enclave/exec.h"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "sim/cli/commands.h"
#include "sim/cli/program_option.h"
#include "sim/cli/shared_options.h"
#include "sim/cli/world_option.h"
#include "sim/enclave/world_directory.h"

namespace glovebox::cli {
namespace {

int execute(const Values& values) {
    const WorldOption world = WorldOption::of(values);
    const auto cid = values.number<core::Cid>("CID");
    const auto records = enclave::enclaves_of(world.world).value();
    const auto found = std::find_if(records.begin(), records.end(),
                                    [&](const auto& record) { return record.cid == cid; });
    if (found != records.end() && found->ended)
        throw ErrorException(invalid_input(
            fmt::format("enclave {} has ended ({}): `glovebox logs {}` prints its console", cid,
                        found->reason, cid)));
    if (found == records.end())
        throw ErrorException(invalid_input(fmt::format(
            "no enclave with CID {} runs in the world {}: `glovebox ps` lists those that do.{}",
            cid, world.path(), enclave::worlds_elsewhere(world.world))));
    if (found->is_unpacking)
        throw ErrorException(invalid_input(
            fmt::format("enclave {} has no program yet: its image is being unpacked", cid)));
    return enclave::execute_in(*found, values.list("COMMAND")).value();
}

}  // namespace

Command exec_command() {
    Option cid = enclave_cid("CID");
    cid.is_required = true;
    cid.summary = "The enclave";
    cid.completion = Completion::running_enclave;
    return {
        .name = "exec",
        .summary = "Run a command inside a running enclave, for debugging",
        .description =
            {"A debugging aid that Nitro does not have: nobody can enter an enclave there. The "
             "command sees the files, the processes and the network of the enclave's program "
             "and has its environment. It has no AF_VSOCK and no /dev/nsm, and the enclave ends "
             "without waiting for it.",
             "It copies files too: `glovebox exec 16 -- cat /app/log > log`."},
        .options = {WorldOption::option()},
        .positionals = {cid,
                        {.name = "COMMAND",
                         .repeat = Repeat::list,
                         .is_required = true,
                         .summary = "The command and its arguments, after --",
                         .completion = Completion::program}},
        .examples = {{"Look around in the enclave with CID 16", "glovebox exec 16 -- sh"},
                     {"Copy a file into it",
                      "glovebox exec 16 -- sh -c 'cat > /tmp/settings' < settings"}},
        .exit_codes = {{"N", "the command's exit status, or 128 and the number of its signal"},
                       {"126", "the command could not be executed"},
                       {"127", "the command was not found"},
                       {"1", "the enclave could not be entered"},
                       {"2", "the command line is wrong"}},
        .see_also = {"glovebox-logs(1)", "glovebox-ps(1)", "glovebox-stop(1)"},
        .run = execute};
}

}  // namespace glovebox::cli
