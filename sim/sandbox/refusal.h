// SPDX-License-Identifier: Apache-2.0

// Why a machine forbids the namespaces of a sandbox, and the exact command that allows them.
#pragma once

#include <optional>
#include <string>

#include "core/base/error.h"

namespace glovebox::sandbox {

// What a refusal is judged by. The texts are the files' first lines, empty where there is none.
struct NamespaceFacts {
    std::string apparmor_restricts;   // kernel.apparmor_restrict_unprivileged_userns: "1" forbids
    std::string max_user_namespaces;  // user.max_user_namespaces: "0" forbids
    std::string unprivileged_clone;   // kernel.unprivileged_userns_clone: "0" forbids
    std::string seccomp_mode;         // "Seccomp:" of /proc/self/status: "2" is a filter
    bool in_container = false;        // /.dockerenv, /run/.containerenv or a container's cgroup
    bool is_root = false;
};

[[nodiscard]] NamespaceFacts read_namespace_facts();

// The sentence for clone(CLONE_NEWUSER...) that failed with `error`, or for a first step in the new
// namespaces that was denied. It names the cause, the command, and that --isolation none remains.
[[nodiscard]] Error explain_forbidden_namespaces(int error, const NamespaceFacts& facts);

// Whether a step inside that failed with `error` failed because this machine takes the privileges
// of a new user namespace away again (AppArmor), rather than for a reason of its own.
[[nodiscard]] bool privileges_were_taken(int error, const NamespaceFacts& facts);

}  // namespace glovebox::sandbox
