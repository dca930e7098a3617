// SPDX-License-Identifier: Apache-2.0

// glovebox-vsock-switch: joins the vsock devices of several QEMU guests in the shape of Nitro, one
// parent and its enclaves, without any vsock of this machine.
#include <fmt/core.h>
#include <sys/signalfd.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <csignal>
#include <iostream>

#include "core/base/printable.h"
#include "sim/vsock_switch/switch.h"

namespace {

using namespace glovebox;
using namespace glovebox::vsock_switch;

constexpr const char* description =
    "Joins the vsock devices of QEMU guests: a parent, CID 3, and enclaves.\n"
    "\n"
    "Each CID=SOCKET is a guest; its QEMU connects to the Unix socket with\n"
    "  -object memory-backend-memfd,id=ram,size=256M,share=on -machine memory-backend=ram\n"
    "  -chardev socket,id=vsock,path=SOCKET -device vhost-user-vsock-pci,chardev=vsock\n"
    "An enclave reaches the parent, the parent every enclave; anything else is reset.\n"
    "Prints \"listening\" once QEMUs may connect, and runs until SIGTERM or SIGINT.";

constexpr const char* examples =
    "example:\n"
    "  glovebox-vsock-switch 3=/run/p.sock 16=/run/e.sock 17=/run/f.sock --silent 99";

Switch::Seat parse_seat(const std::string& word) {
    Switch::Seat seat{};
    const std::size_t equals = word.find('=');
    const char* end = word.data() + std::min(equals, word.size());
    const auto [stopped, error] = std::from_chars(word.data(), end, seat.cid);
    if (equals == std::string::npos || equals + 1 == word.size() || error != std::errc() ||
        stopped != end || seat.cid < parent_cid || seat.cid >= 0xffffffff)
        throw CLI::ValidationError(word, "CID=SOCKET with a CID from 3 up was expected");
    seat.socket = word.substr(equals + 1);
    return seat;
}

// SIGTERM and SIGINT as a descriptor that becomes readable.
UniqueFd stop_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigprocmask(SIG_BLOCK, &signals, nullptr);
    return UniqueFd(::signalfd(-1, &signals, SFD_CLOEXEC));
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{description, "glovebox-vsock-switch"};
    app.footer(examples);
    std::vector<std::string> words;
    std::vector<Cid> silent;
    app.add_option("guests", words, "CID=SOCKET of each guest")->required();
    app.add_option("--silent", silent, "packets to this CID vanish, so that a connect times out")
        ->allow_extra_args(false);
    try {
        app.parse(argc, argv);
        std::vector<Switch::Seat> seats;
        for (const std::string& word : words)
            seats.push_back(parse_seat(word));
        const auto log = make_log({.component = "vsock-switch", .file = {}});
        std::signal(SIGPIPE, SIG_IGN);  // a QEMU that has gone is an error of its own session
        const UniqueFd stop = stop_signals();
        Switch running(seats, Switchboard({}, {silent.begin(), silent.end()}), *log);
        std::cout << "listening" << std::endl;
        if (const auto served = running.run(stop.get()); !served) {
            log->error("failed", "{}", field("error", served.error().message));
            return 1;
        }
        return 0;
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    } catch (const ErrorException& error) {
        std::cerr << "glovebox-vsock-switch: " << printable(error.what()) << '\n';
        return 1;
    }
}
