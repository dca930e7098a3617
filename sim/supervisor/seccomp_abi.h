// SPDX-License-Identifier: Apache-2.0

// linux/seccomp.h as far as it is used here. Debian 12's copy is that of Linux 6.1 and lacks
// SECCOMP_IOCTL_NOTIF_SET_FLAGS; a build on one kernel's headers has to run on another's kernel.
#pragma once

#include <sys/ioctl.h>

#include <cstdint>

namespace glovebox::supervisor::abi {

// seccomp(2) operations and flags.
inline constexpr unsigned set_mode_filter = 1;
inline constexpr unsigned get_action_avail = 2;
inline constexpr unsigned long filter_flag_spec_allow = 1ul << 2;
inline constexpr unsigned long filter_flag_new_listener = 1ul << 3;
inline constexpr unsigned long filter_flag_wait_killable_recv = 1ul << 5;  // Linux 5.19

inline constexpr std::uint32_t ret_user_notif = 0x7fc00000u;

struct SeccompData {
    std::int32_t number;
    std::uint32_t architecture;
    std::uint64_t instruction_pointer;
    std::uint64_t arguments[6];
};

struct Notification {
    std::uint64_t id;
    std::uint32_t pid;
    std::uint32_t flags;
    SeccompData data;
};

struct Response {
    std::uint64_t id;
    std::int64_t value;
    std::int32_t error;  // negative errno
    std::uint32_t flags;
};
inline constexpr std::uint32_t response_flag_continue = 1u << 0;

struct AddFd {
    std::uint64_t id;
    std::uint32_t flags;
    std::uint32_t source_fd;
    std::uint32_t new_fd;
    std::uint32_t new_fd_flags;
};
inline constexpr std::uint32_t addfd_flag_send = 1u << 1;  // Linux 5.14

// Sizes are part of these numbers, so they can only be right or refused.
inline constexpr unsigned long ioctl_recv = _IOWR('!', 0, Notification);
inline constexpr unsigned long ioctl_send = _IOWR('!', 1, Response);
inline constexpr unsigned long ioctl_id_valid = _IOW('!', 2, std::uint64_t);
inline constexpr unsigned long ioctl_addfd = _IOW('!', 3, AddFd);
inline constexpr unsigned long ioctl_set_flags = _IOW('!', 4, std::uint64_t);  // Linux 6.6
inline constexpr std::uint64_t fd_sync_wake_up = 1u << 0;

static_assert(sizeof(Notification) == 80 && sizeof(Response) == 24 && sizeof(AddFd) == 24);

}  // namespace glovebox::supervisor::abi
