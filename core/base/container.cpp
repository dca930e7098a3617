// SPDX-License-Identifier: Apache-2.0

#include "core/base/container.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace glovebox {
namespace {

// Every pod has it, whatever its enableServiceLinks.
constexpr const char* pod_variable = "KUBERNETES_SERVICE_HOST";

struct Settings {
    std::string_view docker;
    std::string_view pod;
};

constexpr Settings for_profile{
    "docker run --security-opt seccomp=ci/container/seccomp.json (a file of Glovebox's repository; "
    "its packages have it at /usr/share/glovebox/seccomp.json)",
    "seccompProfile {type: Localhost, localhostProfile: glovebox/seccomp.json} in the container's "
    "securityContext (docs/kubernetes.md says how the node gets the file, which is "
    "ci/container/seccomp.json of Glovebox's repository)"};

constexpr Settings for_sandbox{
    "docker run --security-opt seccomp=ci/container/seccomp.json --security-opt "
    "apparmor=unconfined --security-opt systempaths=unconfined (the profile is a file of "
    "Glovebox's repository; its packages have it at /usr/share/glovebox/seccomp.json)",
    "seccompProfile {type: Localhost, localhostProfile: glovebox/seccomp.json}, appArmorProfile "
    "{type: Unconfined} and procMount: Unmasked in the container's securityContext, and "
    "hostUsers: false in the pod's spec (docs/kubernetes.md says how the node gets the profile, "
    "which is ci/container/seccomp.json of Glovebox's repository)"};

constexpr Settings for_ptrace{
    "docker run --cap-add SYS_PTRACE",
    "capabilities {add: [SYS_PTRACE]} in the container's securityContext"};

std::string text_of(const Settings& settings, const std::optional<Container>& container) {
    if (!container)
        return fmt::format("{}; in a pod of Kubernetes with {}", settings.docker, settings.pod);
    return std::string(container->is_in_pod ? settings.pod : settings.docker);
}

}  // namespace

std::optional<Container> find_container() {
    if (std::getenv(pod_variable) != nullptr)
        return Container{true, pod_variable};
    for (const char* file : {"/.dockerenv", "/run/.containerenv"})
        if (::access(file, F_OK) == 0)
            return Container{false, file};
    return std::nullopt;
}

std::string profile_settings(const std::optional<Container>& container) {
    return text_of(for_profile, container);
}

std::string sandbox_settings(const std::optional<Container>& container) {
    return text_of(for_sandbox, container);
}

std::string ptrace_settings(const std::optional<Container>& container) {
    return text_of(for_ptrace, container);
}

std::string mapping_settings(const Container& container) {
    return container.is_in_pod
               ? "capabilities {add: [SETUID, SETGID, SETFCAP]} in the container's "
                 "securityContext, or run it as an ordinary user (runAsUser: 1000)"
               : "docker run --cap-add SETUID --cap-add SETGID --cap-add SETFCAP ..., or run it as "
                 "an ordinary user (docker run --user 1000 ...)";
}

}  // namespace glovebox
