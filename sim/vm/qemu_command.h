// SPDX-License-Identifier: Apache-2.0

// QEMU's command line for a guest.
#pragma once

#include <string>
#include <vector>

#include "sim/vm/platform.h"

namespace glovebox::vm {

// The descriptors of connected sockets that QEMU inherits. The serial port is the guest's console;
// standard output and error leave by two virtio ports, so that they arrive apart and byte for byte.
// The port of standard output goes both ways: it is standard input too.
struct QemuChannels {
    int console = -1;
    int output = -1;
    int errors = -1;
};

struct QemuSettings {
    Platform platform{};
    Acceleration acceleration = Acceleration::tcg;
    unsigned memory_mib = 512;
    unsigned processors = 1;
    std::string kernel;
    std::string initramfs;
    std::string vsock_socket;     // vhost-user; empty: the guest has no vsock device
    bool has_host_files = false;  // this machine's files, read-only, by 9p with the tag "root"
    std::vector<std::string> shared_folders;  // by 9p with the tags "share0", "share1" ...
    std::vector<std::string> agent_sockets;   // ports 3, 4 ... with a socket each, which QEMU makes
    QemuChannels channels{};
};

// The kernel's own command line. A panic or an oops ends the guest.
[[nodiscard]] std::string kernel_parameters(const Platform& platform, Acceleration acceleration);

// The port of the first agent's socket; those before are the guest's standard streams.
inline constexpr unsigned first_agent_port = 3;

// The program and its arguments. Commas in names are doubled, as QEMU reads them.
[[nodiscard]] std::vector<std::string> qemu_command(const QemuSettings& settings);

}  // namespace glovebox::vm
