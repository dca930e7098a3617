// SPDX-License-Identifier: Apache-2.0

#include "sim/eif/unpack/tree_seal.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <system_error>
#include <thread>
#include <vector>

#include "core/base/unique_fd.h"
#include "core/crypto/hash.h"

namespace glovebox::eif {
namespace {

namespace fs = std::filesystem;

struct Entry {
    const fs::path& path;
    const std::string& shown;  // seen from the folder
    const struct stat& status;
};

enum class ClosedFolders : bool { left_out, errors };

// Every name below `folder`, in the order of their bytes, a folder before what is in it.
Result<void> walk(const fs::path& folder, const std::string& shown, ClosedFolders closed,
                  const std::function<Result<void>(const Entry&)>& visit) {
    std::vector<std::string> names;
    std::error_code code;
    for (fs::directory_iterator at(folder, code), end; !code && at != end; at.increment(code))
        names.push_back(at->path().filename().string());
    if (code == std::errc::permission_denied && closed == ClosedFolders::left_out)
        return {};
    if (code)
        return errno_error(folder.string() + " can't be read", code.value());
    std::sort(names.begin(), names.end());
    for (const std::string& name : names) {
        const fs::path path = folder / name;
        const std::string inner = shown + "/" + name;
        struct stat status {};
        if (::lstat(path.c_str(), &status) != 0)
            return errno_error(path.string() + " can't be examined", errno);
        if (auto visited = visit({path, inner, status}); !visited)
            return visited;
        if (S_ISDIR(status.st_mode))
            if (auto walked = walk(path, inner, closed, visit); !walked)
                return walked;
    }
    return {};
}

std::string time_text(const timespec& time) {
    return fmt::format("{}.{}", time.tv_sec, time.tv_nsec);
}

// A folder's size depends on the file system, so it is left out.
std::string attributes(const Entry& entry) {
    const struct stat& status = entry.status;
    return fmt::format("{:o} {}:{} {} {} {}\n", status.st_mode, status.st_uid, status.st_gid,
                       S_ISDIR(status.st_mode) ? 0 : status.st_size, time_text(status.st_mtim),
                       entry.shown);
}

Result<void> add_bytes(const fs::path& path, Hash& hash, Bytes& buffer, Progress& progress) {
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!file)
        return errno_error(path.string() + " can't be opened", errno);
    for (;;) {
        const ssize_t size = ::read(file.get(), buffer.data(), buffer.size());
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0)
            return errno_error(path.string() + " can't be read", errno);
        if (size == 0)
            return {};
        hash.update(BytesView(buffer).first(static_cast<std::size_t>(size)));
        progress.add(static_cast<std::uint64_t>(size));
    }
}

Result<timespec> touch(int file, const fs::path& folder) {
    struct stat status {};
    if (::futimens(file, nullptr) != 0 || ::fstat(file, &status) != 0)
        return errno_error("the times of " + folder.string() + " can't be learned", errno);
    return status.st_ctim;
}

bool is_same(const timespec& one, const timespec& other) {
    return one.tv_sec == other.tv_sec && one.tv_nsec == other.tv_nsec;
}

}  // namespace

Result<std::string> seal_of(const fs::path& folder) {
    Hash hash(HashAlgorithm::sha384);
    const auto walked =
        walk(folder, "", ClosedFolders::left_out, [&](const Entry& entry) -> Result<void> {
            hash.update(as_bytes(fmt::format("{} {} {}", entry.status.st_ino,
                                             time_text(entry.status.st_ctim), attributes(entry))));
            return {};
        });
    if (!walked)
        return walked.error();
    return to_hex(hash.finish());
}

Result<std::string> content_of(const fs::path& folder, Progress& progress) {
    // SHA-256, because this hashes all files' bytes and processors have instructions for it that
    // they lack for SHA-384.
    Hash hash(HashAlgorithm::sha256);
    Bytes buffer(1 << 20);
    const auto walked =
        walk(folder, "", ClosedFolders::errors, [&](const Entry& entry) -> Result<void> {
            hash.update(as_bytes(attributes(entry)));
            if (S_ISREG(entry.status.st_mode))
                return add_bytes(entry.path, hash, buffer, progress);
            if (!S_ISLNK(entry.status.st_mode))
                return {};
            std::error_code code;
            const fs::path text = fs::read_symlink(entry.path, code);
            if (code)
                return errno_error(entry.path.string() + " can't be read", code.value());
            hash.update(as_bytes(text.string()));
            return {};
        });
    if (!walked)
        return walked.error();
    return to_hex(hash.finish());
}

Result<void> wait_for_another_time(const fs::path& folder) {
    using namespace std::chrono_literals;
    std::string name = (folder / "clock.XXXXXX").string();
    const UniqueFd file(::mkostemp(name.data(), O_CLOEXEC));
    if (!file)
        return errno_error("a file in " + folder.string() + " can't be made", errno);
    ::unlink(name.c_str());
    const auto first = touch(file.get(), folder);
    if (!first)
        return first.error();
    // No file system has a resolution of more than two seconds.
    for (const auto deadline = std::chrono::steady_clock::now() + 3s;
         std::chrono::steady_clock::now() < deadline; std::this_thread::sleep_for(1ms)) {
        const auto now = touch(file.get(), folder);
        if (!now)
            return now.error();
        if (!is_same(*now, *first))
            return {};
    }
    return {};
}

}  // namespace glovebox::eif
