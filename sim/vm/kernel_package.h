// SPDX-License-Identifier: Apache-2.0

// Debian's kernel package, brought into the cache.
//
// Debian deletes a kernel's package when the next one is out, so the metapackage is asked for its
// name. On a machine whose apt has no Debian kernels (Ubuntu, or lists that were never fetched) a
// private apt, with its sources and lists in the cache, asks Debian's own mirror; Debian's archive
// key must be installed then. apt checks signatures and hashes in both cases.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "sim/vm/kernel.h"

namespace glovebox::vm {

// One version of the metapackage, as `apt-cache show` has it.
struct MetapackageVersion {
    std::string version;
    std::string kernel_package;  // linux-image-6.1.0-57-cloud-amd64
};

// The versions in the output of `apt-cache show` that belong to a suite, in its order.
[[nodiscard]] std::vector<MetapackageVersion> versions_for(std::string_view suite,
                                                           std::string_view records);

// The sources.list of a suite on a mirror, with the key that signs it.
[[nodiscard]] std::string sources_of(std::string_view suite, std::string_view mirror);

// Downloads the newest kernel of a release and unpacks it into `folder`, in the place of an older
// one. A download that is cut short, or two at once, leave no half kernel behind. Errors: no apt,
// no key, no network, each with the remedy.
[[nodiscard]] Result<Kernel> fetch_kernel(std::string_view release, const Platform& platform,
                                          const std::filesystem::path& folder);

}  // namespace glovebox::vm
