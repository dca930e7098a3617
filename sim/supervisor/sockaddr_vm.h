// SPDX-License-Identifier: Apache-2.0

// struct sockaddr_vm between a program's memory and a VsockAddress, and the two ways in which the
// kernel copies small answers out: the one of addresses and the one of options.
#pragma once

#include <sys/socket.h>

#include <linux/vm_sockets.h>

#include <cstdint>
#include <span>

#include "core/address/vsock_address.h"
#include "sim/supervisor/tracee.h"

namespace glovebox::supervisor {

// What bind() and connect() were given. The family is AF_UNSPEC when there was too little for one.
struct GivenAddress {
    sa_family_t family = AF_UNSPEC;
    bool is_valid = false;  // a whole sockaddr_vm without unknown flags (vsock_addr_cast)
    core::VsockAddress address;
};

// EINVAL for a length that no address has, EFAULT.
[[nodiscard]] OrErrno<GivenAddress> read_address(Tracee& tracee, std::uint64_t address, int length);

[[nodiscard]] sockaddr_vm make_sockaddr_vm(core::VsockAddress address);

// Room for an address: where it goes and how much of it.
struct AddressRoom {
    std::uint64_t address = 0;
    std::uint64_t length_address = 0;
    int length = 0;
};
// EFAULT for the length's address, EINVAL for a negative length.
[[nodiscard]] OrErrno<AddressRoom> read_room(Tracee& tracee, std::uint64_t address,
                                             std::uint64_t length_address);
// Writes as much of the address as there is room for, and its whole length.
[[nodiscard]] int write_address(Tracee& tracee, const AddressRoom& room,
                                core::VsockAddress address);

}  // namespace glovebox::supervisor
