// glovebox clean: removes what enclaves have left behind.

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>

#include <cerrno>
#include <charconv>
#include <iostream>
#include <memory>
#include <set>

#include "sim/cli/subcommand.h"
#include "sim/cli/world_option.h"
#include "sim/enclave/cid_claim.h"
#include "sim/sandbox/memory_cgroup.h"
#include "transports/world.h"

namespace glovebox::cli {
namespace {

constexpr const char* examples = R"(Examples:
  This world, and all of this user's worlds:
    glovebox clean
    glovebox clean --all

What an enclave leaves is its console and how it ended. A `glovebox run` that was killed leaves
names of sockets and maybe a cgroup too; the kernel has ended its processes and undone its mounts.
What runs is let alone.)";

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
                                     rest == ".console" || rest == ".enclave"))
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
              enclave::console_file_name(cid)})
            ::unlinkat(world.directory(), name.c_str(), 0);
        ++cleaned.removed;
    }
    return cleaned;
}

struct CleanCommand {
    WorldOption world;
    bool all = false;

    [[nodiscard]] int run() const {
        for (const std::string& path : worlds()) {
            const Cleaned cleaned = clean_world(path);
            ::rmdir(path.c_str());  // where nothing is left in it
            std::cout << fmt::format("{}: {} removed\n", path, cleaned.removed);
            for (const core::Cid cid : cleaned.running)
                std::cout << fmt::format("{}: the enclave with CID {} runs: glovebox stop {}\n",
                                         path, cid, cid);
        }
        for (const std::string& cgroup : sandbox::remove_abandoned_cgroups())
            std::cout << cgroup << ": removed\n";
        return exit_done;
    }

  private:
    [[nodiscard]] std::vector<std::string> worlds() const {
        std::vector<std::string> paths;
        if (!all) {
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
};

}  // namespace

void add_clean_command(CLI::App& app, int& exit_status) {
    const auto options = std::make_shared<CleanCommand>();
    CLI::App& command = *app.add_subcommand("clean", "Removes what ended enclaves have left");
    command.footer(examples);
    command.add_flag("-a,--all", options->all, "All of this user's worlds");
    options->world.add_to(command);
    command.callback([options, &exit_status] { exit_status = options->run(); });
}

}  // namespace glovebox::cli
