// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/clean.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <memory>
#include <set>
#include <string_view>

#include "core/base/run_folder.h"
#include "core/base/scratch.h"
#include "core/base/unique_fd.h"
#include "sim/enclave/cid_claim.h"
#include "sim/enclave/earlier_enclave.h"
#include "transports/world.h"

namespace glovebox::enclave {
namespace {

// The CIDs that have files in the directory: "16.record", "16.enclave", ...
std::set<core::Cid> cids_in(int directory) {
    std::set<core::Cid> cids;
    const int copy = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(copy < 0 ? nullptr : ::fdopendir(copy),
                                                     ::closedir);
    while (const dirent* entry = folder ? ::readdir(folder.get()) : nullptr) {
        const std::string_view name = entry->d_name;
        core::Cid cid = 0;
        const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), cid);
        if (error != std::errc{})
            continue;
        const auto names = EarlierEnclave::file_names(cid);
        if (std::find(names.begin(), names.end(), name) != names.end() ||
            name == fmt::format("{}.enclave", cid))
            cids.insert(cid);
    }
    return cids;
}

}  // namespace

Result<CleanedWorld> clean_world(const std::string& path) {
    // Opening the world removes the names of dead sockets.
    const auto opened = transports::World::open(path);
    if (!opened)
        return opened.error();
    transports::World& world = **opened;
    CleanedWorld cleaned;
    for (const core::Cid cid : cids_in(world.directory())) {
        // Held while the files are removed, so that no enclave can start with the CID meanwhile.
        const auto claim = CidClaim::make(world.directory(), cid);
        if (!claim) {
            if (claim.error().code.value() != EADDRINUSE)
                return claim.error();
            cleaned.running.push_back(cid);
            continue;
        }
        for (const std::string& name : EarlierEnclave::file_names(cid))
            ::unlinkat(world.directory(), name.c_str(), 0);
        ++cleaned.removed;
    }
    (void)world.remove_if_unused();
    return cleaned;
}

std::vector<std::string> named_worlds() {
    std::vector<std::string> paths;
    std::error_code none;
    for (const std::string& folder : run_folders())
        for (const auto& entry : std::filesystem::directory_iterator(folder, none))
            if (entry.is_directory(none) && !entry.is_symlink(none) &&
                entry.path().filename().native().front() != '.')
                paths.push_back(entry.path().string());
    std::sort(paths.begin(), paths.end());
    return paths;
}

CleanedScratch clean_scratch() {
    CleanedScratch cleaned;
    cleaned.removed = Scratch::remove_abandoned([&](const std::filesystem::path& path) {
        const bool is_used = transports::World::is_in_use(path.string());
        if (is_used)
            cleaned.used.push_back(path.string());
        return !is_used;
    });
    return cleaned;
}

}  // namespace glovebox::enclave
