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
         .default_value = "auto"}};
    for (Option& option : options)
        option.group = "Transport";
    return options;
}

transports::TransportChoice transport_choice(const Values& values) {
    return {values.text("--world"), values.find_number<core::Cid>("--cid"),
            values.text("--transport")};
}

}  // namespace glovebox::cli
