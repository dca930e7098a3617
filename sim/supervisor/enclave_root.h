// SPDX-License-Identifier: Apache-2.0

// The root of an enclave, who has all capabilities over its kernel, and what stands for it here.
//
// In a sandbox the program is root of a user namespace, so that its capabilities end where the
// kernel asks for the machine's own (capable(2) of the initial namespace); at --isolation none it
// may be an ordinary user. Calls that need such a capability are answered by RootCalls for threads
// that would have it in an enclave.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "sim/supervisor/thread_status.h"

namespace glovebox::supervisor {

// What the supervisor has to know of its enclave.
struct EnclaveFacts {
    bool is_sandbox = false;
    pid_t first_program = 0;
    ino_t user_namespace = 0;                   // of its first program (namespace_of)
    std::optional<std::uint64_t> memory_bytes;  // as /proc/meminfo shows it; empty: the machine's
    std::vector<int> cpus;                      // those that it has; empty: the machine's
};

class EnclaveRoot {
  public:
    explicit EnclaveRoot(const EnclaveFacts& facts);

    enum class Right {
        none,       // it would lack the capability in an enclave too
        of_kernel,  // this machine's kernel gives it the capability
        shown,      // an enclave's kernel would, this machine's does not
    };
    // `capability` is one of linux/capability.h.
    [[nodiscard]] Right right_of(pid_t thread, unsigned capability) const;
    // The same for whoever has read the thread's status already.
    [[nodiscard]] Right right_of(pid_t thread, const ThreadStatus& status,
                                 unsigned capability) const;
    // Whether it is user 0 in an enclave.
    [[nodiscard]] bool is_root(pid_t thread, const ThreadStatus& status) const;

    // Whose processes a call is free to change, as the kernel has it for that call.
    enum class Owner {
        all_ids,         // prlimit: all of the other's are the caller's real ones
        effective_user,  // setpriority, sched_set*: the other's effective or real user is the
                         // caller's effective one
        real_user,       // ioprio_set: the other's real user is the caller's effective or real one
    };
    [[nodiscard]] static bool owns(pid_t caller, pid_t target, Owner rule);
    // Whether the caller of a call about `target` may make it in an enclave: as its owner, or with
    // the capability. The supervisor, which acts in a caller's place, may more than that.
    [[nodiscard]] bool may_act_on(pid_t caller, pid_t target, Owner rule,
                                  unsigned capability) const;
    // Whether it is in the PID namespace and the mount namespace of the enclave's first program.
    [[nodiscard]] bool is_beside_first_program(pid_t thread) const;

  private:
    [[nodiscard]] bool is_in_enclaves_namespace(pid_t thread) const;

    bool is_sandbox_;
    pid_t first_program_;
    ino_t user_namespace_;
    uid_t user_;
    bool is_machines_;  // this process is in the machine's initial user namespace
};

}  // namespace glovebox::supervisor
