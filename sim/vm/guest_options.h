// SPDX-License-Identifier: Apache-2.0

// What a guest is: its command, its files, its devices.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace glovebox::vm {

// A file of this machine and its path in the guest.
struct PlacedFile {
    std::string source;
    std::string path;  // of a program it may be empty (Initramfs::add_program)
};

struct GuestOptions {
    std::vector<std::string> command;
    bool has_input = false;  // standard input is passed on to the command, but not its end
    std::string name = "guest";
    std::string user = "root";  // or guest_user
    std::string folder = "/tmp";
    std::vector<std::pair<std::string, std::string>> environment{};
    std::vector<PlacedFile> programs{};
    std::vector<PlacedFile> files{};
    std::string vsock = "loopback";      // one of vsock_kinds()
    std::vector<std::string> modules{};  // beside those for vsock
    std::string vsock_socket{};  // a switch's socket for the guest's vsock device; empty: no device
    // The guest's files are this machine's, at the same paths. It can read them, and what it writes
    // is discarded with it, except below the shared folders.
    bool has_host_files = false;
    // With them: what the command is started by, which makes it run as another user than root.
    std::vector<std::string> launcher{};
    std::vector<std::string> shared_folders{};  // absolute
    // Unix sockets of this machine, each of which QEMU serves as a port for the agent (agent.h).
    std::vector<std::string> agent_sockets{};
    unsigned memory_mib = 512;
    unsigned processors = 1;
};

// The sets of the kernel's vsock modules that a guest may load: "none", "vsock" (the address family
// without a transport), "loopback", "virtio" and "both".
[[nodiscard]] std::vector<std::string_view> vsock_kinds();
// The modules of one set.
[[nodiscard]] std::vector<std::string> vsock_modules(std::string_view kind);

}  // namespace glovebox::vm
