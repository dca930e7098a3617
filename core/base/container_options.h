// SPDX-License-Identifier: Apache-2.0

// The options of `docker run` that errors and `glovebox doctor` advise where a container's default
// profile denies something. The profile is a file of this repository and of its packages
// (docs/containers.md).
#pragma once

#include <string_view>

namespace glovebox {

// For AF_VSOCK and everything else that --isolation none uses.
inline constexpr std::string_view profile_option =
    "--security-opt seccomp=ci/container/seccomp.json (a file of Glovebox's repository; its "
    "packages have it at /usr/share/glovebox/seccomp.json)";
// For sandboxes too.
inline constexpr std::string_view sandbox_options =
    "--security-opt seccomp=ci/container/seccomp.json --security-opt apparmor=unconfined "
    "--security-opt systempaths=unconfined (the profile is a file of Glovebox's repository; its "
    "packages have it at /usr/share/glovebox/seccomp.json)";

}  // namespace glovebox
