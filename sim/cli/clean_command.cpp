// glovebox clean: removes what enclaves have left behind.

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <iostream>
#include <memory>
#include <set>

#include "sim/cli/commands.h"
#include "sim/cli/world_option.h"
#include "sim/enclave/cid_claim.h"
#include "sim/sandbox/memory_cgroup.h"
#include "transports/world.h"

namespace glovebox::cli {
namespace {

struct Cleaned {
    int removed = 0;
    std::vector<core::Cid> running;
};

// The CIDs that a file of the directory belongs to: "16.record", "16.enclave", ...
std::set<core::Cid> cids_in(int directory) {
    std::set<core::Cid> cids;
    const int copy = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(copy < 0 ? nullptr : ::fdopendir(copy),
                                                     ::closedir);
    while (const dirent* entry = folder ? ::readdir(folder.get()) : nullptr) {
        const std::string_view name = entry->d_name;
        core::Cid cid = 0;
        const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), cid);
        const std::string_view rest(end, static_cast<std::size_t>(name.data() + name.size() - end));
        if (error == std::errc{} && (rest == ".record" || rest == ".record.new" ||
                                     rest == ".console" || rest == ".log" || rest == ".enclave"))
            cids.insert(cid);
    }
    return cids;
}

Cleaned clean_world(const std::string& path) {
    // Opening it clears away the names of dead sockets.
    const auto opened = transports::World::open(path);
    const transports::World& world = *opened.value();
    Cleaned cleaned;
    for (const core::Cid cid : cids_in(world.directory())) {
        // Held while its files go, so that no enclave can begin with it meanwhile.
        const auto claim = enclave::CidClaim::make(world.directory(), cid);
        if (!claim) {
            if (claim.error().code.value() != EADDRINUSE)
                throw ErrorException(claim.error());
            cleaned.running.push_back(cid);
            continue;
        }
        for (const std::string& name :
             {enclave::record_file_name(cid), enclave::record_file_name(cid) + ".new",
              enclave::console_file_name(cid), enclave::log_file_name(cid)})
            ::unlinkat(world.directory(), name.c_str(), 0);
        ++cleaned.removed;
    }
    return cleaned;
}

std::vector<std::string> worlds_of(const Values& values) {
    std::vector<std::string> paths;
    const WorldOption world = WorldOption::of(values);
    if (!values.flag("--all")) {
        if (world.open())
            paths.push_back(world.path());
        return paths;
    }
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(worlds_folder().c_str()),
                                                     ::closedir);
    while (const dirent* entry = folder ? ::readdir(folder.get()) : nullptr)
        if (entry->d_name[0] != '.' && entry->d_type == DT_DIR)
            paths.push_back(worlds_folder() + "/" + entry->d_name);
    return paths;
}

int clean(const Values& values) {
    for (const std::string& path : worlds_of(values)) {
        const Cleaned cleaned = clean_world(path);
        ::rmdir(path.c_str());  // where nothing is left in it
        std::cout << fmt::format("{}: {} removed\n", path, cleaned.removed);
        for (const core::Cid cid : cleaned.running)
            std::cout << fmt::format("{}: the enclave with CID {} runs: glovebox stop {}\n", path,
                                     cid, cid);
    }
    for (const std::string& cgroup : sandbox::remove_abandoned_cgroups())
        std::cout << cgroup << ": removed\n";
    return exit_done;
}

}  // namespace

Command clean_command() {
    return {.name = "clean",
            .summary = "Remove what ended enclaves have left",
            .description = {"An enclave leaves its console and a record of how it ended. A "
                            "`glovebox run` that was killed also leaves the names of sockets and "
                            "maybe a cgroup; the kernel has ended its processes and undone its "
                            "mounts. Running enclaves are not touched."},
            .options = {{.name = "--all",
                         .letter = 'a',
                         .kind = Kind::flag,
                         .summary = "Clean all worlds of this user"},
                        WorldOption::option()},
            .examples = {{"Clean this world", "glovebox clean"},
                         {"Clean all of this user's worlds", "glovebox clean --all"}},
            .see_also = {"glovebox-logs(1)", "glovebox-ps(1)", "glovebox-stop(1)"},
            .run = clean};
}

}  // namespace glovebox::cli
