// SPDX-License-Identifier: Apache-2.0

#include "sim/vm/kernel_package.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <boost/system/errc.hpp>
#include <cstdlib>
#include <sstream>
#include <system_error>
#include <utility>

#include "core/base/output_file.h"
#include "core/base/scratch.h"
#include "sim/vm/captured.h"

namespace glovebox::vm {

namespace fs = std::filesystem;

namespace {

constexpr const char* keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";
constexpr const char* default_mirror = "http://deb.debian.org";
constexpr std::string_view backports = "-backports";

using Words = std::vector<std::string>;

Error unavailable(std::string message) {
    return Error(make_error_code(boost::system::errc::no_such_file_or_directory),
                 std::move(message));
}

// The value of a field of a record, if the line has it.
std::optional<std::string> field_of(const std::string& line, std::string_view name) {
    if (!line.starts_with(name))
        return std::nullopt;
    return line.substr(name.size());
}

Words apt_words(const char* program, const Words& options, const Words& more) {
    Words words{program};
    words.insert(words.end(), options.begin(), options.end());
    words.insert(words.end(), more.begin(), more.end());
    return words;
}

// The name of the newest kernel package of a suite.
Result<std::string> newest(std::string_view metapackage, std::string_view suite, const Words& apt) {
    const auto shown = capture(apt_words("apt-cache", apt, {"show", std::string(metapackage)}));
    if (!shown)
        return shown.error();
    std::optional<MetapackageVersion> best;
    for (const MetapackageVersion& one : versions_for(suite, shown->output)) {
        if (best) {
            const auto compared =
                capture({"dpkg", "--compare-versions", one.version, "gt", best->version});
            if (!compared || compared->status != 0)
                continue;
        }
        best = one;
    }
    if (!best)
        return unavailable(fmt::format(
            "apt knows no {} of {}: is there a network, and are there package lists (apt-get "
            "update)?",
            metapackage, suite));
    return best->kernel_package;
}

// The options of an apt with sources and lists of its own, and those lists fetched.
Result<Words> private_apt(std::string_view metapackage, std::string_view suite,
                          const Platform& platform, const fs::path& work) {
    std::error_code failure;
    if (!fs::exists(keyring, failure))
        return unavailable(fmt::format(
            "apt here knows no {} of {}, and without {} Debian's own mirror cannot be trusted. "
            "Install debian-archive-keyring, or run apt-get update on Debian",
            metapackage, suite, keyring));
    for (const char* part : {"lists/partial", "cache/archives/partial"})
        fs::create_directories(work / part, failure);
    const char* mirror = std::getenv("GLOVEBOX_DEBIAN_MIRROR");
    const std::string sources = sources_of(suite, mirror != nullptr ? mirror : default_mirror);
    for (const auto& [name, text] : {std::pair("status", ""), {"sources.list", sources.c_str()}})
        if (const auto written = write_output(work / name, as_bytes(text)); !written)
            return written.error();
    Words apt;
    for (const std::string& option :
         {fmt::format("Dir::Etc::sourcelist={}/sources.list", work.string()),
          std::string("Dir::Etc::sourceparts=-"),
          fmt::format("Dir::State::lists={}/lists", work.string()),
          fmt::format("Dir::State::status={}/status", work.string()),
          fmt::format("Dir::Cache={}/cache", work.string()),
          fmt::format("APT::Architecture={}", platform.debian),
          std::string("Acquire::Languages=none")})
        apt.insert(apt.end(), {"-o", option});
    if (const auto updated = output_of(apt_words("apt-get", apt, {"update", "-q"})); !updated)
        return updated.error();
    return apt;
}

// The drivers of real hardware, which a guest never has: three quarters of a full package.
void drop_hardware(const fs::path& root) {
    constexpr std::array kept{"block", "char", "virtio"};
    std::error_code failure;
    for (const auto& release : fs::directory_iterator(root / "lib" / "modules", failure)) {
        const fs::path kernel = release.path() / "kernel";
        fs::remove_all(kernel / "sound", failure);
        std::vector<fs::path> dropped;
        for (const auto& drivers : fs::directory_iterator(kernel / "drivers", failure))
            if (std::find(kept.begin(), kept.end(), drivers.path().filename()) == kept.end())
                dropped.push_back(drivers.path());
        for (const fs::path& drivers : dropped)
            fs::remove_all(drivers, failure);
    }
}

Result<void> unpack(const std::string& package, const Words& apt, const fs::path& work,
                    const fs::path& fresh) {
    const auto downloaded =
        output_of(apt_words("apt-get", apt, {"download", "-q", package}), work.string());
    if (!downloaded)
        return downloaded.error();
    fs::path deb;
    for (const auto& entry : fs::directory_iterator(work))
        if (entry.path().extension() == ".deb")
            deb = entry.path();
    const auto unpacked = output_of({"dpkg", "-x", deb.string(), (fresh / "root").string()});
    if (!unpacked)
        return unpacked.error();
    drop_hardware(fresh / "root");
    const auto version = output_of({"dpkg", "-f", deb.string(), "Version"});
    if (!version)
        return version.error();
    return write_output(fresh / "package", as_bytes(fmt::format("{} {}", package, *version)));
}

}  // namespace

std::vector<MetapackageVersion> versions_for(std::string_view suite, std::string_view records) {
    std::vector<MetapackageVersion> found;
    MetapackageVersion record;
    const auto end_record = [&] {
        const bool is_backport = record.version.find("~bpo") != std::string::npos;
        if (!record.version.empty() && !record.kernel_package.empty() &&
            is_backport == suite.ends_with(backports))
            found.push_back(record);
        record = {};
    };
    std::istringstream lines{std::string(records)};
    for (std::string line; std::getline(lines, line);) {
        if (line.empty())
            end_record();
        else if (const auto version = field_of(line, "Version: "))
            record.version = *version;
        else if (const auto depends = field_of(line, "Depends: linux-image-"))
            record.kernel_package =
                "linux-image-" + depends->substr(0, depends->find_first_of(" ,"));
    }
    end_record();
    return found;
}

std::string sources_of(std::string_view suite, std::string_view mirror) {
    std::string sources =
        fmt::format("deb [signed-by={}] {}/debian {} main\n", keyring, mirror, suite);
    if (!suite.ends_with(backports))
        sources += fmt::format("deb [signed-by={}] {}/debian-security {}-security main\n", keyring,
                               mirror, suite);
    return sources;
}

Result<Kernel> fetch_kernel(std::string_view release, const Platform& platform,
                            const fs::path& folder) {
    for (const char* program : {"apt-get", "apt-cache", "dpkg"})
        if (!has_program(program))
            return unavailable(fmt::format(
                "no {} here: a guest's kernel is a Debian package, which apt verifies", program));
    std::error_code failure;
    fs::create_directories(folder.parent_path(), failure);
    const auto work = Scratch::make_folder(folder.parent_path(), ".fetch-");
    if (!work)
        return Error(work.error()).in("cannot keep a kernel");
    const fs::path fresh = work->path() / "kernel";
    fs::create_directory(fresh, failure);
    const std::string_view suite = suite_of(release);
    Words apt;
    const std::string_view metapackage = package_of(release, platform);
    auto package = newest(metapackage, suite, apt);
    if (!package) {
        auto own = private_apt(metapackage, suite, platform, work->path());
        if (!own)
            return own.error();
        apt = std::move(*own);
        package = newest(metapackage, suite, apt);
    }
    if (!package)
        return package.error();
    if (const auto unpacked = unpack(*package, apt, work->path(), fresh); !unpacked)
        return unpacked.error();
    if (fs::exists(folder, failure))
        fs::rename(folder, work->path() / "old", failure);
    fs::rename(fresh, folder, failure);
    if (failure)
        return errno_error("cannot keep a kernel as " + folder.string(), failure.value());
    return Kernel::open(folder, release);
}

}  // namespace glovebox::vm
