// SPDX-License-Identifier: Apache-2.0

// glovebox vm switch: joins the vsock devices of several guests in the shape of Nitro, one parent
// and its enclaves, without any vsock of this machine.

#include <charconv>
#include <csignal>
#include <iostream>

#include "core/base/stop_signals.h"
#include "core/service/process_setup.h"
#include "sim/cli/log_option.h"
#include "sim/cli/vm_options.h"
#include "sim/vsock_switch/switch.h"

namespace glovebox::cli {
namespace {

Result<vsock_switch::Switch::Seat> parse_seat(const std::string& text) {
    vsock_switch::Switch::Seat seat{};
    const std::size_t equals = text.find('=');
    const char* end = text.data() + std::min(equals, text.size());
    const auto [stopped, error] = std::from_chars(text.data(), end, seat.cid);
    if (equals == std::string::npos || equals + 1 == text.size() || error != std::errc() ||
        stopped != end || seat.cid < vsock_switch::parent_cid || seat.cid >= 0xffffffff)
        return invalid_input("\"" + text + "\": CID=SOCKET with a CID from 3 up was expected");
    seat.socket = text.substr(equals + 1);
    return seat;
}

int run_switch(const Values& values) {
    core::ignore_write_signals();  // a QEMU that has gone is an error of its own session
    std::vector<vsock_switch::Switch::Seat> seats;
    for (const std::string& text : values.list("GUEST"))
        seats.push_back(parse_seat(text).value());
    const auto silent = values.numbers<vsock_switch::Cid>("--silent");
    const auto log = make_log(values, "vsock-switch");
    const UniqueFd stop = stop_signals({SIGTERM, SIGINT});
    vsock_switch::Switch running(
        seats, vsock_switch::Switchboard({}, {silent.begin(), silent.end()}), *log);
    if (!values.flag("--log-json"))
        std::cout << "listening" << std::endl;
    log->info("ready", "ready: {} guests may connect", seats.size());
    running.run(stop.get()).value();
    return exit_done;
}

}  // namespace

Command vm_switch_command() {
    return {
        .name = "switch",
        .summary = "Join the vsock devices of virtual machines in the shape of Nitro",
        .description =
            {"Each CID=SOCKET is a guest, whose QEMU connects to the Unix socket: `glovebox vm run "
             "--vsock-socket SOCKET`, or any QEMU by vhost-user. The guest with CID 3 is the "
             "parent, the others are enclaves. An enclave reaches the parent, and the parent every "
             "enclave; anything else is reset.",
             "Prints \"listening\" once guests may connect (with --log-json the event ready), and "
             "runs until SIGTERM or SIGINT."},
        .options = command_line::joined(
            {{{.name = "--silent",
               .kind = Kind::number,
               .placeholder = "CID",
               .noun = "a CID",
               .least = 0,
               .most = 4294967295,
               .repeat = Repeat::list,
               .summary = "Drop packets to this CID, so that a connect times out"}},
             log_options("warning")}),
        .positionals = {{.name = "GUEST",
                         .placeholder = "CID=SOCKET",
                         .check = problem_by<parse_seat>,
                         .repeat = Repeat::list,
                         .is_required = true,
                         .summary = "CID=SOCKET of each guest, as 3=/run/parent.sock"}},
        .examples = {{"A parent and two enclaves",
                      "glovebox vm switch 3=parent.sock 16=first.sock 17=second.sock"},
                     {"A QEMU that connects by itself",
                      "qemu-system-x86_64 -machine q35,memory-backend=ram \\\n"
                      "    -object memory-backend-memfd,id=ram,size=256M,share=on \\\n"
                      "    -chardev socket,id=vsock,path=first.sock \\\n"
                      "    -device vhost-user-vsock-pci,chardev=vsock"}},
        .see_also = {"glovebox-vm(1)"},
        .run = run_switch};
}

}  // namespace glovebox::cli
