// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/entropy_calls.h"

#include <linux/capability.h>
#include <linux/random.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <array>
#include <cerrno>

namespace glovebox::supervisor {
namespace {

// Documentation/admin-guide/devices.txt
const dev_t random_number = makedev(1, 8);
const dev_t urandom_number = makedev(1, 9);

bool is_generator(int fd) {
    struct stat status {};
    return ::fstat(fd, &status) == 0 && S_ISCHR(status.st_mode) &&
           (status.st_rdev == random_number || status.st_rdev == urandom_number);
}

bool is_entropy_ioctl(std::uint32_t number) {
    constexpr auto reseed = static_cast<std::uint32_t>(_IO('R', 0x07));  // RNDRESEEDCRNG
    return number == RNDADDTOENTCNT || number == RNDADDENTROPY || number == RNDZAPENTCNT ||
           number == RNDCLEARPOOL || number == reseed;
}

// What the driver finds wrong with the argument; 0 for nothing.
int mistake_in(std::uint32_t number, std::uint64_t address, Tracee& tracee) {
    if (number == RNDADDTOENTCNT) {
        const auto bits = tracee.read_value<int>(address);
        return !bits ? to_int(bits.error()) : *bits < 0 ? EINVAL : 0;
    }
    if (number != RNDADDENTROPY)
        return 0;
    const auto sizes = tracee.read_value<std::array<int, 2>>(address);  // bits, bytes
    if (!sizes)
        return to_int(sizes.error());
    const auto [bits, bytes] = *sizes;
    if (bits < 0 || bytes < 0)
        return EINVAL;
    const std::uint64_t last = address + sizeof *sizes + static_cast<std::uint64_t>(bytes) - 1;
    std::uint8_t byte = 0;
    return bytes == 0 ? 0 : tracee.read(last, {&byte, 1});
}

}  // namespace

std::optional<SyscallReply> EntropyCalls::answer(const SystemCall& call, Tracee& tracee) {
    const auto number = static_cast<std::uint32_t>(call.arguments[1]);
    if (!is_entropy_ioctl(number))
        return std::nullopt;
    const auto fd = tracee.descriptor(call.int_argument(0));
    if (!fd || !is_generator(fd->get()) ||
        root_.right_of(call.thread, CAP_SYS_ADMIN) != EnclaveRoot::Right::shown)
        return std::nullopt;
    if (const int mistake = mistake_in(number, call.arguments[2], tracee))
        return SyscallReply::error(mistake);
    notices_.tell(LogLevel::info, "entropy", "root_call",
                  "the program adds entropy to its kernel, as an enclave's root may, and the "
                  "call succeeds; this machine's random numbers need none");
    return SyscallReply::value(0);
}

}  // namespace glovebox::supervisor
