// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/sockaddr_vm.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace glovebox::supervisor {
namespace {

constexpr int sockaddr_bytes_max = sizeof(sockaddr_storage);
// The flags that a program may set (linux/vm_sockets.h): VMADDR_FLAG_TO_HOST.
constexpr std::uint8_t flags_known = 0x01;

}  // namespace

OrErrno<GivenAddress> read_address(Tracee& tracee, std::uint64_t address, int length) {
    if (length < 0 || length > sockaddr_bytes_max)
        return Errno{EINVAL};
    std::uint8_t bytes[sockaddr_bytes_max] = {};
    const auto size = static_cast<std::size_t>(length);
    if (const int error = tracee.read(address, {bytes, size}))
        return Errno{error};
    GivenAddress given;
    if (size >= sizeof given.family)
        std::memcpy(&given.family, bytes, sizeof given.family);
    if (given.family == AF_VSOCK && size >= sizeof(sockaddr_vm)) {
        sockaddr_vm vm{};
        std::memcpy(&vm, bytes, sizeof vm);
        given.is_valid = (vm.svm_flags & ~flags_known) == 0;
        given.address = {vm.svm_cid, vm.svm_port};
    }
    return given;
}

sockaddr_vm make_sockaddr_vm(core::VsockAddress address) {
    sockaddr_vm vm{};
    vm.svm_family = AF_VSOCK;
    vm.svm_port = address.port;
    vm.svm_cid = address.cid;
    return vm;
}

OrErrno<AddressRoom> read_room(Tracee& tracee, std::uint64_t address,
                               std::uint64_t length_address) {
    const auto length = tracee.read_value<std::int32_t>(length_address);
    if (!length)
        return length.error();
    if (*length < 0)
        return Errno{EINVAL};
    return AddressRoom{address, length_address, *length};
}

int write_address(Tracee& tracee, const AddressRoom& room, core::VsockAddress address) {
    const sockaddr_vm vm = make_sockaddr_vm(address);
    const auto bytes = std::min<std::size_t>(static_cast<std::size_t>(room.length), sizeof vm);
    if (const int error =
            tracee.write(room.address, {reinterpret_cast<const std::uint8_t*>(&vm), bytes}))
        return error;
    return tracee.write_value<std::int32_t>(room.length_address, sizeof vm);
}

}  // namespace glovebox::supervisor
