// SPDX-License-Identifier: Apache-2.0

#include "sim/sandbox/refusal.h"

#include <fmt/format.h>
#include <linux/capability.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <string_view>

#include "sim/sandbox/sandbox_error.h"

namespace glovebox::sandbox {
namespace {

// user_namespaces(7), "Defining user and group ID mappings".
constexpr std::uint64_t mapping_capabilities = std::uint64_t{1} << CAP_SETUID |
                                               std::uint64_t{1} << CAP_SETGID |
                                               std::uint64_t{1} << CAP_SETFCAP;

std::string first_line(const char* path) {
    std::ifstream in(path);
    std::string line;
    std::getline(in, line);
    return line;
}

// Of /proc/self/status. `name` ends with a colon.
std::string status_field(std::string_view name) {
    std::ifstream in("/proc/self/status");
    for (std::string line; std::getline(in, line);)
        if (line.starts_with(name))
            return line.substr(line.find_first_not_of(" \t", name.size()));
    return {};
}

Error forbidden(std::string_view who, std::string_view command) {
    return Error(SandboxError::namespaces_forbidden,
                 fmt::format("this machine forbids the sandbox's namespaces: {}. Allow them with: "
                             "{}. {}",
                             who, command, without_sandbox));
}

}  // namespace

NamespaceFacts read_namespace_facts() {
    NamespaceFacts facts;
    facts.apparmor_restricts = first_line("/proc/sys/kernel/apparmor_restrict_unprivileged_userns");
    facts.max_user_namespaces = first_line("/proc/sys/user/max_user_namespaces");
    facts.unprivileged_clone = first_line("/proc/sys/kernel/unprivileged_userns_clone");
    facts.seccomp_mode = status_field("Seccomp:");
    facts.container = find_container();
    facts.is_root = ::geteuid() == 0;
    const std::string effective = status_field("CapEff:");
    constexpr int hexadecimal = 16;
    facts.maps_users = (std::strtoull(effective.c_str(), nullptr, hexadecimal) &
                        mapping_capabilities) == mapping_capabilities;
    return facts;
}

bool privileges_were_taken(int error, const NamespaceFacts& facts) {
    return (error == EPERM || error == EACCES) &&
           (facts.is_root ? !facts.maps_users : facts.apparmor_restricts == "1");
}

std::string advise_on_filter(const NamespaceFacts& facts) {
    if (!facts.container && facts.seccomp_mode != "2")
        return {};
    return fmt::format("{} may deny it. Allow it with: {}. {}",
                       facts.container ? "This container's seccomp filter"
                                       : "The seccomp filter that is over this process",
                       sandbox_settings(facts.container), without_sandbox);
}

Error explain_forbidden_namespaces(int error, const NamespaceFacts& facts) {
    if (facts.max_user_namespaces == "0")
        return forbidden("the sysctl user.max_user_namespaces is 0",
                         "sudo sysctl -w user.max_user_namespaces=16384");
    if (error == ENOSPC || error == EUSERS)
        return forbidden(
            fmt::format("there are as many user namespaces as the sysctl user.max_user_namespaces "
                        "({}) allows, or they are nested 32 deep",
                        facts.max_user_namespaces),
            "sudo sysctl -w user.max_user_namespaces=65536");
    if (error == EINVAL || error == ENOSYS)
        return Error(SandboxError::namespaces_forbidden,
                     fmt::format("this kernel lacks one of the namespaces that the sandbox is made "
                                 "of (CONFIG_USER_NS, CONFIG_PID_NS, CONFIG_NET_NS, CONFIG_IPC_NS, "
                                 "CONFIG_UTS_NS, CONFIG_CGROUPS). {}",
                                 without_sandbox));
    if (!facts.is_root && facts.unprivileged_clone == "0")
        return forbidden("the sysctl kernel.unprivileged_userns_clone is 0",
                         "sudo sysctl -w kernel.unprivileged_userns_clone=1");
    if (!facts.is_root && facts.apparmor_restricts == "1")
        return forbidden(
            "AppArmor takes their privileges from ordinary users' programs (the sysctl "
            "kernel.apparmor_restrict_unprivileged_userns is 1, Ubuntu's default since 24.04)",
            "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0");
    if (facts.is_root && !facts.maps_users)
        return forbidden(
            "this root has no capability to map users into them (CAP_SETUID, CAP_SETGID, "
            "CAP_SETFCAP)",
            facts.container ? mapping_settings(*facts.container)
                            : "run it as an ordinary user, or let it keep the three capabilities");
    if (facts.container || facts.seccomp_mode == "2")
        return forbidden(facts.container ? "this is a container, and its seccomp filter denies them"
                                         : "a seccomp filter that is over this process denies them",
                         sandbox_settings(facts.container));
    return forbidden(
        fmt::format("clone(2) of a user namespace says {}. A chroot does that, and SELinux or "
                    "another security module may",
                    errno_text(error)),
        "leave the chroot, or ask the module's log: sudo dmesg | grep -i denied");
}

}  // namespace glovebox::sandbox
