// SPDX-License-Identifier: Apache-2.0

#include "sim/sandbox/mount_calls.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "core/base/unique_fd.h"

namespace glovebox::sandbox {
namespace {

// <linux/mount.h> and glibc 2.36's <sys/mount.h> cannot be included together, so these are defined
// here.
constexpr unsigned open_tree_clone = 1;                 // OPEN_TREE_CLONE
constexpr unsigned move_mount_f_empty_path = 0x4;       // MOVE_MOUNT_F_EMPTY_PATH
constexpr unsigned move_mount_t_empty_path = 0x40;      // MOVE_MOUNT_T_EMPTY_PATH
constexpr std::uint64_t mount_attribute_read_only = 1;  // MOUNT_ATTR_RDONLY

struct MountAttributes {  // struct mount_attr
    std::uint64_t set = 0;
    std::uint64_t clear = 0;
    std::uint64_t propagation = 0;
    std::uint64_t user_namespace = 0;
};

// The same number on every architecture but Alpha; glibc 2.31 doesn't have the last one's name.
#ifdef SYS_mount_setattr
constexpr long sys_mount_setattr = SYS_mount_setattr;
#else
constexpr long sys_mount_setattr = 442;
#endif

int call(long result) {
    return static_cast<int>(result);
}

}  // namespace

int open_in_root(int directory, const char* path, std::uint64_t flags) noexcept {
    open_how how{};
    how.flags = flags | O_CLOEXEC;
    how.resolve = RESOLVE_IN_ROOT;
    // EAGAIN: something was mounted or renamed on the machine at the same time, and the kernel
    // could not verify a ".." in a symlink. openat2(2) says to try again.
    for (;;) {
        const int opened = call(::syscall(SYS_openat2, directory, path, &how, sizeof how));
        if (opened >= 0 || errno != EAGAIN)
            return opened;
    }
}

int clone_tree(int directory, const char* path) noexcept {
    return call(::syscall(
        SYS_open_tree, directory, path,
        open_tree_clone | O_CLOEXEC | AT_RECURSIVE | (*path == '\0' ? AT_EMPTY_PATH : 0)));
}

int make_tree_read_only(int tree) noexcept {
    const MountAttributes attributes{.set = mount_attribute_read_only};
    return call(::syscall(sys_mount_setattr, tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes,
                          sizeof attributes));
}

int attach_tree(int tree, int target) noexcept {
    return call(::syscall(SYS_move_mount, tree, "", target, "",
                          move_mount_f_empty_path | move_mount_t_empty_path));
}

// pivot_root(".", ".") puts the old root over the new one, and from there it is detached with
// everything below it. If the old root is the kernel's initial one (a machine that runs from its
// initramfs), pivot_root fails, and the new root is moved over it, as AWS's init does.
int make_root(int tree) noexcept {
    const UniqueFd target(::open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!target || attach_tree(tree, target.get()) != 0 || ::fchdir(tree) != 0)
        return -1;
    if (::syscall(SYS_pivot_root, ".", ".") == 0)
        return ::umount2(".", MNT_DETACH) == 0 ? ::chdir("/") : -1;
    if (errno != EINVAL || ::mount(".", "/", nullptr, MS_MOVE, nullptr) != 0)
        return -1;
    return ::chroot(".") == 0 ? ::chdir("/") : -1;
}

}  // namespace glovebox::sandbox
