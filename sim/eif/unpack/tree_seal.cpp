#include "sim/eif/unpack/tree_seal.h"

#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <vector>

#include "core/crypto/hash.h"

namespace glovebox::eif {
namespace {

namespace fs = std::filesystem;

Result<void> add(const fs::path& folder, const std::string& shown, Hash& hash) {
    std::vector<std::string> names;
    std::error_code code;
    for (fs::directory_iterator at(folder, code), end; !code && at != end; at.increment(code))
        names.push_back(at->path().filename().string());
    if (code == std::errc::permission_denied)
        return {};
    if (code)
        return errno_error(folder.string() + " can't be read", code.value());
    std::sort(names.begin(), names.end());
    for (const std::string& name : names) {
        const fs::path path = folder / name;
        struct stat status {};
        if (::lstat(path.c_str(), &status) != 0)
            return errno_error(path.string() + " can't be examined", errno);
        const bool is_folder = S_ISDIR(status.st_mode);
        const std::string inner = shown + "/" + name;
        // A folder's size is its file system's affair.
        hash.update(as_bytes(fmt::format("{:o} {} {}.{} {}\n", status.st_mode,
                                         is_folder ? 0 : status.st_size, status.st_mtim.tv_sec,
                                         status.st_mtim.tv_nsec, inner)));
        if (is_folder)
            if (auto added = add(path, inner, hash); !added)
                return added;
    }
    return {};
}

}  // namespace

Result<std::string> seal_of(const fs::path& folder) {
    Hash hash(HashAlgorithm::sha384);
    if (const auto added = add(folder, "", hash); !added)
        return added.error();
    return to_hex(hash.finish());
}

}  // namespace glovebox::eif
