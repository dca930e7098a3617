// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/cid_claim.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <climits>
#include <memory>
#include <string_view>

#include "core/base/output_file.h"

namespace glovebox::enclave {
namespace {

constexpr std::string_view suffix = ".enclave";

std::string file_name(core::Cid cid) {
    return fmt::format("{}{}", cid, suffix);
}

std::optional<core::Cid> cid_of(std::string_view name) {
    if (!name.ends_with(suffix))
        return std::nullopt;
    name.remove_suffix(suffix.size());
    core::Cid cid = 0;
    const auto [end, failure] = std::from_chars(name.data(), name.data() + name.size(), cid);
    return failure == std::errc() && end == name.data() + name.size() ? std::optional(cid)
                                                                      : std::nullopt;
}

// "<world's directory>/16.enclave", for messages.
std::string path_of(int directory, const std::string& name) {
    std::array<char, PATH_MAX> path{};
    const ssize_t size =
        ::readlink(fmt::format("/proc/self/fd/{}", directory).c_str(), path.data(), path.size());
    return size > 0 ? std::string(path.data(), static_cast<std::size_t>(size)) + "/" + name : name;
}

Error not_claimed(int directory, const std::string& name, int errno_value) {
    const bool is_forbidden = errno_value == EROFS || errno_value == EACCES || errno_value == EPERM;
    return errno_error("cannot claim a CID: " + path_of(directory, name), errno_value)
        .with_advice(is_forbidden ? "Name another world with --world or GLOVEBOX_WORLD, one whose "
                                    "directory can be written to"
                                  : "");
}

// The locked file; an empty descriptor if another process has the lock.
Result<UniqueFd> lock_file(int directory, const std::string& name) {
    for (;;) {
        UniqueFd file(
            ::openat(directory, name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
        if (!file)
            return not_claimed(directory, name, errno);
        if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
            if (errno == EWOULDBLOCK)
                return UniqueFd();
            return errno_error("cannot claim a CID: cannot lock " + path_of(directory, name),
                               errno);
        }
        // The last holder may have removed the name between the open and the lock.
        struct stat held {};
        struct stat named {};
        if (::fstat(file.get(), &held) == 0 &&
            ::fstatat(directory, name.c_str(), &named, AT_SYMLINK_NOFOLLOW) == 0 &&
            held.st_ino == named.st_ino)
            return file;
    }
}

// The process that holds the claim; 0 if the file does not name one.
pid_t holding_process(int directory, const std::string& name) {
    const UniqueFd file(::openat(directory, name.c_str(), O_RDONLY | O_CLOEXEC));
    std::array<char, 16> text{};
    const ssize_t bytes = file ? ::read(file.get(), text.data(), text.size()) : 0;
    pid_t process = 0;
    if (bytes > 0)
        std::from_chars(text.data(), text.data() + bytes, process);
    return process;
}

std::string holder(int directory, const std::string& name) {
    const pid_t process = holding_process(directory, name);
    return process > 0 ? fmt::format("process {}", process) : "another process";
}

}  // namespace

Result<CidClaim> CidClaim::make(int world_directory, std::optional<core::Cid> wanted) {
    if (wanted && (*wanted < core::cid_first_enclave || *wanted == core::cid_any))
        return system_error(EINVAL,
                            fmt::format("--cid {} can't be an enclave's: 4 to {} were expected "
                                        "(0 to 3 are the hypervisor, local, host and parent)",
                                        *wanted, core::cid_any - 1));
    UniqueFd directory(::openat(world_directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory)
        return errno_error("cannot claim a CID: the world's directory", errno);
    for (core::Cid cid = wanted.value_or(first_claimed_cid);; ++cid) {
        const std::string name = file_name(cid);
        auto file = lock_file(directory.get(), name);
        if (!file)
            return file.error();
        if (*file) {
            const std::string process = std::to_string(::getpid());
            if (::ftruncate(file->get(), 0) != 0)
                return not_claimed(directory.get(), name, errno);
            CidClaim claim(cid, std::move(directory), std::move(*file));
            if (const auto written = write_all(claim.file_.get(), as_bytes(process), name);
                !written)
                return not_claimed(claim.directory_.get(), name, written.error().code.value());
            return claim;
        }
        if (wanted)
            return system_error(
                EADDRINUSE,
                fmt::format("CID {} is taken: {} runs an enclave with it. Choose another "
                            "one, or leave --cid out for the next free one",
                            cid, holder(directory.get(), name)));
    }
}

std::vector<core::Cid> claimed_cids(int world_directory) {
    std::vector<core::Cid> cids;
    const int copy = ::openat(world_directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (copy < 0)
        return cids;
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(::fdopendir(copy), ::closedir);
    while (const dirent* entry = folder ? ::readdir(folder.get()) : nullptr) {
        const auto cid = cid_of(entry->d_name);
        const pid_t process = cid ? holding_process(world_directory, entry->d_name) : 0;
        if (process > 0 && (::kill(process, 0) == 0 || errno == EPERM))
            cids.push_back(*cid);
    }
    std::sort(cids.begin(), cids.end());
    return cids;
}

CidClaim::~CidClaim() {
    if (file_)
        ::unlinkat(directory_.get(), file_name(cid_).c_str(), 0);
}

}  // namespace glovebox::enclave
