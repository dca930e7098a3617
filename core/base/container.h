// SPDX-License-Identifier: Apache-2.0

// The container that this process runs in, and what errors and `glovebox doctor` advise where its
// profile denies something: options of `docker run`, or fields of a pod of Kubernetes. The profile
// is a file of this repository and of its packages (docs/containers.md, docs/kubernetes.md).
#pragma once

#include <optional>
#include <string>

namespace glovebox {

struct Container {
    bool is_in_pod = false;  // Kubernetes has started it
    std::string mark;        // the file or the variable that shows it: "/.dockerenv"
};

// Docker and podman put a file into a container, and the kubelet a variable into its environment.
// None: not in a container, or a runtime has started it that does neither, or the environment was
// cleared.
[[nodiscard]] std::optional<Container> find_container();

// What the container has to be started with. Fits behind "Start the container with " and "Allow it
// with: ". Without a container both ways are named, since a system call filter may be one of a
// container that shows nothing.
//
// For AF_VSOCK and everything else that --isolation none uses.
[[nodiscard]] std::string profile_settings(const std::optional<Container>& container);
// For sandboxes too.
[[nodiscard]] std::string sandbox_settings(const std::optional<Container>& container);
// For ptrace(2).
[[nodiscard]] std::string ptrace_settings(const std::optional<Container>& container);
// For a root that maps users and groups into a namespace (user_namespaces(7)), or to be no root.
[[nodiscard]] std::string mapping_settings(const Container& container);

}  // namespace glovebox
