// SPDX-License-Identifier: Apache-2.0

#include "sim/cli/transport_option.h"

#include "sim/cli/world_option.h"

namespace glovebox::cli {

Options transport_options() {
    Options options{
        WorldOption::option(),
        {.name = "--cid",
         .kind = Kind::number,
         .placeholder = "N",
         .noun = "the CID of a parent or an enclave",
         .least = core::cid_parent,
         .most = core::cid_any - 1,
         .summary = "This side's CID: 3 for the parent, 4 and above for an enclave; ignored with "
                    "--transport vsock, where the machine has its own"},
        {.name = "--transport",
         .kind = Kind::choice,
         .placeholder = "KIND",
         .noun = "a transport",
         .choices = transports::transport_names(),
         .summary = transports::transport_help(),
         .default_value = "auto",
         .variable = "GLOVEBOX_TRANSPORT"},
        {.name = "--guest",
         .placeholder = "CID=SOCKET",
         .check = problem_by<transports::parse_hybrid_guest>,
         .repeat = Repeat::map,
         .summary = "A virtual machine and its monitor's vsock socket, for --transport hybrid: "
                    "16=/run/vm/v.sock. This side has CID 2 there"}};
    for (Option& option : options)
        option.group = "Transport";
    return options;
}

transports::TransportChoice transport_choice(const Values& values) {
    transports::TransportChoice choice{
        values.text("--world"), values.find_number<core::Cid>("--cid"), values.text("--transport")};
    for (const std::string& text : values.list("--guest")) {
        auto guest = transports::parse_hybrid_guest(text).value();
        choice.guests.emplace(guest.cid, std::move(guest.path));
    }
    const bool is_hybrid = choice.transport == "hybrid";
    if (!choice.guests.empty() && !is_hybrid)
        throw UsageError("--guest is for --transport hybrid alone");
    if (choice.guests.empty() && is_hybrid)
        throw UsageError(
            "--transport hybrid reaches virtual machines by their monitors' sockets: give --guest "
            "CID=SOCKET");
    return choice;
}

}  // namespace glovebox::cli
