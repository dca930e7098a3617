// SPDX-License-Identifier: Apache-2.0

// The reason why a machine forbids the namespaces of a sandbox, and the exact command that allows
// them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/container.h"
#include "core/base/error.h"

namespace glovebox::sandbox {

// What an error about a missing sandbox ends with.
inline constexpr std::string_view without_sandbox =
    "`--isolation none` remains for programs without an image of their own: it emulates vsock and "
    "the NSM, and gives the program this machine's files and network.";

// The facts that explain a refusal. The texts are the first lines of files, empty if a file is
// missing.
struct NamespaceFacts {
    std::string apparmor_restricts;   // kernel.apparmor_restrict_unprivileged_userns: "1" forbids
    std::string max_user_namespaces;  // user.max_user_namespaces: "0" forbids
    std::string unprivileged_clone;   // kernel.unprivileged_userns_clone: "0" forbids
    std::string seccomp_mode;         // "Seccomp:" of /proc/self/status: "2" is a filter
    std::optional<Container> container{};
    bool is_root = false;
    bool maps_users = true;  // has the capabilities with which root maps users and groups
};

[[nodiscard]] NamespaceFacts read_namespace_facts();

// The error for a clone(CLONE_NEWUSER...) that failed with `error`, or for a first step in the new
// namespaces that was denied. It names the cause and the command that removes it, and that
// --isolation none still works.
[[nodiscard]] Error explain_forbidden_namespaces(int error, const NamespaceFacts& facts);

// Where namespaces are allowed and no sandbox can be made of them: the filter that may deny it, the
// command that allows it, and that --isolation none still works. Empty where there is no filter.
[[nodiscard]] std::string advise_on_filter(const NamespaceFacts& facts);

// Whether a step inside failed with `error` because a new user namespace has no privileges here,
// and not for a reason of its own: AppArmor takes them away, or root has no capability to hand on.
[[nodiscard]] bool privileges_were_taken(int error, const NamespaceFacts& facts);

}  // namespace glovebox::sandbox
