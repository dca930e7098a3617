// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/enclave_root.h"

#include <unistd.h>

#include "core/base/file_bytes.h"
#include "sim/supervisor/namespace_id.h"
#include "sim/supervisor/thread_status.h"

namespace glovebox::supervisor {
namespace {

// user_namespaces(7): the initial namespace maps every ID to itself.
bool is_initial_user_namespace() {
    unsigned inside = 1;
    unsigned outside = 1;
    unsigned long count = 0;
    const std::string map = read_system_text("/proc/self/uid_map");
    constexpr unsigned long all = 0xffffffff;
    return std::sscanf(map.c_str(), "%u %u %lu", &inside, &outside, &count) == 3 && inside == 0 &&
           outside == 0 && count == all;
}

}  // namespace

EnclaveRoot::EnclaveRoot(const EnclaveFacts& facts)
    : is_sandbox_(facts.is_sandbox),
      first_program_(facts.first_program),
      user_namespace_(facts.user_namespace),
      user_(::geteuid()),
      is_machines_(is_initial_user_namespace()) {}

// Who made a user namespace of their own is root of that alone, on Nitro as here.
bool EnclaveRoot::is_in_enclaves_namespace(pid_t thread) const {
    const ino_t own = namespace_of(thread, "user");
    return own == 0 || user_namespace_ == 0 || own == user_namespace_;
}

// Whoever started the enclave is user 0 in its sandbox.
bool EnclaveRoot::is_root(pid_t thread, const ThreadStatus& status) const {
    return status.users.effective == user_ && is_in_enclaves_namespace(thread);
}

EnclaveRoot::Right EnclaveRoot::right_of(pid_t thread, unsigned capability) const {
    const auto status = read_thread_status(thread);
    return status ? right_of(thread, *status, capability) : Right::none;
}

EnclaveRoot::Right EnclaveRoot::right_of(pid_t thread, const ThreadStatus& status,
                                         unsigned capability) const {
    if (!is_in_enclaves_namespace(thread))
        return Right::none;
    const bool has_it = status.has_capability(capability);
    if (is_sandbox_)
        return has_it ? Right::shown : Right::none;
    if (has_it && is_machines_)
        return Right::of_kernel;
    return has_it || status.users.effective == user_ ? Right::shown : Right::none;
}

// check_prlimit_permission, set_one_prio_perm, check_same_owner and set_task_ioprio of the kernel.
bool EnclaveRoot::owns(pid_t caller, pid_t target, Owner rule) {
    if (caller == target)
        return true;
    const auto own = read_thread_status(caller);
    const auto other = read_thread_status(target);
    if (!own || !other)
        return false;
    switch (rule) {
        case Owner::all_ids:
            return other->users == ThreadStatus::Ids::all(own->users.real) &&
                   other->groups == ThreadStatus::Ids::all(own->groups.real);
        case Owner::effective_user:
            return other->users.effective == own->users.effective ||
                   other->users.real == own->users.effective;
        default:
            return other->users.real == own->users.effective ||
                   other->users.real == own->users.real;
    }
}

bool EnclaveRoot::may_act_on(pid_t caller, pid_t target, Owner rule, unsigned capability) const {
    return owns(caller, target, rule) || right_of(caller, capability) != Right::none;
}

bool EnclaveRoot::is_beside_first_program(pid_t thread) const {
    for (const char* const kind : {"pid", "mnt"}) {
        const ino_t own = namespace_of(thread, kind);
        if (own == 0 || own != namespace_of(first_program_, kind))
            return false;
    }
    return true;
}

}  // namespace glovebox::supervisor
