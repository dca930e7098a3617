// SPDX-License-Identifier: Apache-2.0

// A guest's kernel: a stock Debian kernel, unpacked into a cache and never installed.
//
//   <cache>/bookworm-amd64/package          linux-image-6.1.0-57-cloud-amd64 6.1.192-3
//   <cache>/bookworm-amd64/root/boot/vmlinuz-...
//   <cache>/bookworm-amd64/root/boot/vmlinux-...   the same, uncompressed (uncompressed_kernel.h)
//   <cache>/bookworm-amd64/root/lib/modules/...
//
// <cache> is $GLOVEBOX_VM_CACHE, or glovebox/vm under $XDG_CACHE_HOME or ~/.cache. kernel_package.h
// fills it.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "sim/vm/platform.h"

namespace glovebox::vm {

inline constexpr std::string_view default_release = "6.1";

// The kernel for guests with this machine's files: the cloud kernels have no 9p.
inline constexpr std::string_view release_with_9p = "6.1-full";

// The kernels that a guest may have: "6.1" and "6.12", made for clouds, and "6.1-full".
[[nodiscard]] std::vector<std::string_view> kernel_releases();
// Where Debian keeps a release: "bookworm", "bookworm-backports".
[[nodiscard]] std::string_view suite_of(std::string_view release);
// The metapackage of a release.
[[nodiscard]] std::string_view package_of(std::string_view release, const Platform& platform);

// The cache, by the values of GLOVEBOX_VM_CACHE, XDG_CACHE_HOME and HOME, each of which may be
// null. An error if none of them has an absolute path.
[[nodiscard]] Result<std::filesystem::path> kernel_cache(const char* own, const char* cache_home,
                                                         const char* home);
// The same by this process's environment.
[[nodiscard]] Result<std::filesystem::path> kernel_cache();
// The folder of one release in the cache.
[[nodiscard]] std::filesystem::path folder_of(const std::filesystem::path& cache,
                                              std::string_view release, const Platform& platform);

struct KernelModule {
    std::string name;
    Bytes elf;
};

struct Kernel {
    std::string package;            // linux-image-6.1.0-57-cloud-amd64
    std::string version;            // 6.1.192-3
    std::filesystem::path image;    // .../boot/vmlinux-..., or vmlinuz-...
    std::filesystem::path modules;  // .../lib/modules/<release>

    // The kernel in that folder of a cache. Without one, the error says to run `glovebox vm setup`.
    [[nodiscard]] static Result<Kernel> open(const std::filesystem::path& folder,
                                             std::string_view release);

    // The modules, named as for modprobe, and all that they need, each after what it needs. Those
    // that are built in are left out. An error if the kernel lacks one.
    [[nodiscard]] Result<std::vector<KernelModule>> load_order(
        const std::vector<std::string>& names) const;
};

}  // namespace glovebox::vm
