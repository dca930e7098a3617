// SPDX-License-Identifier: Apache-2.0

// The process that locks a sandbox's mounts, so that no program inside undoes them.
//
// A program in an enclave is root and may mount, so it could remount read-only mounts to read-write
// and unmount what covers something. The kernel prevents both for mounts that a mount namespace got
// from one with another user namespace as its owner (mount_namespaces(7), "Restrictions"). So there
// are two user namespaces, one in the other:
//
//   maker
//    └─ outer process   user namespace 1, mount namespace A: a copy of the machine's
//        └─ PID 1       user namespace 2 and the network, PID, IPC and UTS namespaces that it owns;
//                       mount namespace B: builds the tree of mounts, detached from the machine's
//
//   PID 1 ── the tree ──> outer process: makes it the root of A, joins user namespace 2 and
//                         copies A. In the copy, C, every mount is locked.
//   PID 1 <── C ───────── outer process, which then exits
//
// Nothing that runs inside afterwards has a capability over user namespace 1. What PID 1 mounts in
// C itself stays the program's own: not locked.
//
// The cgroup namespace belongs to user namespace 1, and no other one may be made below it: a file
// system of cgroups, which knows the machine's root by its user ID alone, can't be mounted inside.
#pragma once

#include <array>
#include <string>

#include "sim/sandbox/init_process.h"

namespace glovebox::sandbox {

// Everything that the child needs. The maker makes it before the fork, since the child cannot
// allocate.
class OuterProcess {
  public:
    // `sockets` is the pair between this process, [0], and PID 1, [1]. Both are in
    // `init.kept_descriptors`.
    OuterProcess(InitProcess& init, std::array<int, 2> sockets);

    // Called in the child, with all signals blocked. Never returns.
    [[noreturn]] void run() noexcept;

  private:
    void leave_the_machine() noexcept;
    void map_ids(int proc_directory) noexcept;
    void lock(int user_namespace) noexcept;

    InitProcess& init_;
    int socket_;
    int inner_socket_;
    std::string uid_map_;  // of user namespace 2: each ID of user namespace 1 to itself
    std::string gid_map_;
    int own_proc_ = -1;  // /proc/self of the machine's procfs, which A soon lacks
};

}  // namespace glovebox::sandbox
