// SPDX-License-Identifier: Apache-2.0

#include "sim/vm/kernel.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <boost/system/errc.hpp>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <system_error>

#include "core/base/file_bytes.h"
#include "sim/vm/unpacked.h"

namespace glovebox::vm {

namespace fs = std::filesystem;

namespace {

struct Release {
    std::string_view name;
    std::string_view suite;
    bool is_full;  // with all modules
};
constexpr std::array releases{Release{"6.1", "bookworm", false},
                              Release{"6.12", "bookworm-backports", false},
                              Release{release_with_9p, "bookworm", true}};

const Release& find(std::string_view name) {
    const auto* const found = std::find_if(releases.begin(), releases.end(),
                                           [&](const Release& one) { return one.name == name; });
    return found == releases.end() ? releases.front() : *found;
}

constexpr std::size_t module_bytes_max = std::size_t{64} << 20;

Error missing(std::string message) {
    return Error(make_error_code(boost::system::errc::no_such_file_or_directory),
                 std::move(message));
}

// A module's name as the kernel has it, of a file "vhost-vsock.ko.xz" too.
std::string module_name(std::string name) {
    name.resize(std::min(name.find(".ko"), name.size()));
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
}

// The first entry of a folder whose name has that start.
fs::path first_in(const fs::path& folder, std::string_view start) {
    std::error_code failure;
    for (const auto& entry : fs::directory_iterator(folder, failure))
        if (entry.path().filename().string().starts_with(start))
            return entry.path();
    return {};
}

Result<Bytes> read_module(const fs::path& file) {
    auto bytes = read_file_bytes(file, module_bytes_max);
    if (!bytes || !file.string().ends_with(".xz"))
        return bytes;
    auto elf = unpacked(*bytes, eif::Compression::xz);
    return elf ? std::move(elf) : Error(elf.error()).in(file.string());
}

// .modinfo holds NUL-terminated KEY=VALUE pairs; modprobe reads the same ones.
std::vector<std::string> needed_by(BytesView elf) {
    constexpr std::string_view key("\0depends=", 9);
    const std::string_view text = as_text(elf);
    const std::size_t found = text.find(key);
    if (found == std::string_view::npos)
        return {};
    const std::string_view rest = text.substr(found + key.size());
    std::istringstream list(std::string(rest.substr(0, rest.find('\0'))));
    std::vector<std::string> names;
    for (std::string name; std::getline(list, name, ',');)
        names.push_back(module_name(name));
    return names;
}

// The modules of one kernel, and an order of those that were asked for.
class LoadOrder {
  public:
    explicit LoadOrder(const Kernel& kernel) : kernel_(kernel) {
        std::error_code failure;
        for (const auto& entry : fs::recursive_directory_iterator(kernel.modules, failure))
            if (const std::string name = entry.path().filename();
                name.find(".ko") != std::string::npos)
                files_[module_name(name)] = entry.path();
        std::ifstream built_in(kernel.modules / "modules.builtin");
        for (std::string line; std::getline(built_in, line);)
            built_in_.insert(module_name(fs::path(line).filename()));
    }

    Result<void> add(const std::string& name) {
        if (!seen_.insert(name).second)
            return {};
        const auto file = files_.find(name);
        if (file == files_.end()) {
            if (built_in_.count(name) != 0)
                return {};
            return missing(fmt::format("{} has no module {}", kernel_.package, name));
        }
        auto elf = read_module(file->second);
        if (!elf)
            return elf.error();
        for (const std::string& needed : needed_by(*elf))
            if (auto added = add(needed); !added)
                return added;
        order_.push_back({name, std::move(*elf)});
        return {};
    }

    std::vector<KernelModule> take() { return std::move(order_); }

  private:
    const Kernel& kernel_;
    std::map<std::string, fs::path> files_;
    std::set<std::string> built_in_;
    std::set<std::string> seen_;
    std::vector<KernelModule> order_;
};

}  // namespace

std::vector<std::string_view> kernel_releases() {
    std::vector<std::string_view> names;
    for (const Release& release : releases)
        names.push_back(release.name);
    return names;
}

std::string_view suite_of(std::string_view release) {
    return find(release).suite;
}

std::string_view package_of(std::string_view release, const Platform& platform) {
    return find(release).is_full ? platform.full_package : platform.cloud_package;
}

Result<fs::path> kernel_cache(const char* own, const char* cache_home, const char* home) {
    const auto is_absolute = [](const char* path) { return path != nullptr && *path == '/'; };
    if (is_absolute(own))
        return fs::path(own);
    if (is_absolute(cache_home))
        return fs::path(cache_home) / "glovebox" / "vm";
    if (is_absolute(home))
        return fs::path(home) / ".cache" / "glovebox" / "vm";
    return missing(
        "no place to keep a kernel: set HOME, XDG_CACHE_HOME or GLOVEBOX_VM_CACHE to an absolute "
        "path");
}

Result<fs::path> kernel_cache() {
    return kernel_cache(std::getenv("GLOVEBOX_VM_CACHE"), std::getenv("XDG_CACHE_HOME"),
                        std::getenv("HOME"));
}

fs::path folder_of(const fs::path& cache, std::string_view release, const Platform& platform) {
    return cache / fmt::format("{}{}-{}", suite_of(release), find(release).is_full ? "-full" : "",
                               platform.debian);
}

Result<Kernel> Kernel::open(const fs::path& folder, std::string_view release) {
    Kernel kernel;
    std::ifstream package(folder / "package");
    package >> kernel.package >> kernel.version;
    for (const char* name : {"vmlinux-", "vmlinuz-"})
        if (kernel.image.empty())
            kernel.image = first_in(folder / "root" / "boot", name);
    for (const char* under : {"lib", "usr/lib"})
        if (kernel.modules.empty())
            kernel.modules = first_in(folder / "root" / under / "modules", "");
    if (kernel.version.empty() || kernel.image.empty() || kernel.modules.empty())
        return missing(fmt::format("no kernel {} in {}: run `glovebox vm setup --kernel {}`",
                                   release, folder.string(), release));
    return kernel;
}

Result<std::vector<KernelModule>> Kernel::load_order(const std::vector<std::string>& names) const {
    LoadOrder order(*this);
    for (const std::string& name : names)
        if (const auto added = order.add(module_name(name)); !added)
            return added.error();
    return order.take();
}

}  // namespace glovebox::vm
