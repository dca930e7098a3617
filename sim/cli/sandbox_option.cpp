// SPDX-License-Identifier: Apache-2.0

#include "sim/cli/sandbox_option.h"

#include <limits>

namespace glovebox::cli {

Options room_options() {
    Options options{
        {.name = "--isolation",
         .kind = Kind::choice,
         .placeholder = "KIND",
         .noun = "an isolation",
         .choices = {"sandbox", "none"},
         .summary = "sandbox: namespaces of its own, as in an enclave; none: this machine's files "
                    "and network",
         .default_note = "sandbox where the machine allows it",
         .variable = "GLOVEBOX_ISOLATION"},
        {.name = "--rootfs",
         .kind = Kind::directory,
         .placeholder = "DIR",
         .summary = "Start the program in this root file system, as AWS's init does; what it "
                    "writes there is discarded"},
        {.name = "--mount",
         .kind = Kind::directory,
         .placeholder = "DIR",
         .repeat = Repeat::list,
         .excludes = {"--rootfs"},
         .summary = "Show the program this directory too, read-only, at its own path"},
        {.name = "--env",
         .placeholder = "NAME[=VALUE]",
         .repeat = Repeat::list,
         .summary = "Set a variable in the program's environment, which otherwise has PATH alone. "
                    "Without =VALUE the variable has the caller's value. If a name is repeated, "
                    "its last value counts"},
        {.name = "--memory",
         .kind = Kind::number,
         .placeholder = "MIB",
         .noun = "a number of MiB",
         .least = 1,
         .most = std::numeric_limits<unsigned>::max(),
         .summary = "The enclave's memory in MiB",
         .default_note = "not limited"},
        {.name = "--cpus",
         .kind = Kind::number,
         .placeholder = "N",
         .noun = "a number of CPUs",
         .least = 1,
         .most = std::numeric_limits<unsigned>::max(),
         .summary = "How many CPUs the enclave may use",
         .default_note = "all"}};
    for (Option& option : options)
        option.group = "Isolation";
    return options;
}

enclave::RoomSettings read_room_settings(const Values& values) {
    return {values.text("--isolation"),
            values.text("--rootfs"),
            values.list("--mount"),
            values.list("--env"),
            values.find_number<unsigned>("--memory"),
            values.find_number<unsigned>("--cpus")};
}

}  // namespace glovebox::cli
