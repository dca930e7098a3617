// SPDX-License-Identifier: Apache-2.0

#include "sim/vm/setup.h"

#include <fmt/format.h>

#include <boost/system/errc.hpp>

#include "sim/vm/captured.h"
#include "sim/vm/kernel_package.h"
#include "sim/vm/uncompressed_kernel.h"

namespace glovebox::vm {

Result<void> check_programs(const Platform& platform) {
    std::vector<std::string> missing;
    for (const std::string_view program :
         {platform.qemu, std::string_view("busybox"), std::string_view("ldd")})
        if (!has_program(program))
            missing.emplace_back(program);
    if (missing.empty())
        return {};
    return Error(make_error_code(boost::system::errc::no_such_file_or_directory),
                 fmt::format("{} not found: install the packages {} and busybox-static, with "
                             "--no-install-recommends",
                             fmt::join(missing, ", "),
                             platform.debian == "arm64" ? "qemu-system-arm" : "qemu-system-x86"));
}

Result<Kernel> set_up_kernel(std::string_view release, const Platform& platform, bool refresh) {
    const auto cache = kernel_cache();
    if (!cache)
        return cache.error();
    const auto folder = folder_of(*cache, release, platform);
    auto kernel = refresh ? Result<Kernel>(fetch_kernel(release, platform, folder))
                          : Kernel::open(folder, release);
    if (!kernel && !refresh)
        kernel = fetch_kernel(release, platform, folder);
    if (!kernel)
        return kernel;
    if (const auto kept = keep_uncompressed_kernel(kernel->image); !kept)
        return kept.error();
    return Kernel::open(folder, release);
}

}  // namespace glovebox::vm
