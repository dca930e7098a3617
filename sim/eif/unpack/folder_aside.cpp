#include "sim/eif/unpack/folder_aside.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

namespace glovebox::eif {

namespace fs = std::filesystem;

namespace {

// ".NAME.XXXXXX"
constexpr std::size_t random_size = 6;

UniqueFd open_folder(const fs::path& folder) {
    return UniqueFd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

bool is_ours(const fs::path& path) {
    const std::string name = path.filename().string();
    return name.size() > random_size + 2 && name.front() == '.' &&
           name[name.size() - random_size - 1] == '.';
}

// Directories may have come without the permissions that removing needs.
void remove_tree(const fs::path& folder) {
    std::error_code ignored;
    fs::recursive_directory_iterator at(folder, ignored);
    const fs::recursive_directory_iterator end;
    for (; !ignored && at != end; at.increment(ignored))
        if (at->symlink_status(ignored).type() == fs::file_type::directory)
            fs::permissions(at->path(), fs::perms::owner_all, fs::perm_options::add, ignored);
    fs::remove_all(folder, ignored);
}

}  // namespace

Result<FolderAside> FolderAside::beside(const fs::path& folder) {
    fs::path parent = folder.parent_path();
    if (parent.empty())
        parent = ".";
    // From the name to the lock nobody may sweep.
    const UniqueFd sweeping = open_folder(parent);
    if (sweeping)
        ::flock(sweeping.get(), LOCK_SH);
    std::string name = (parent / ("." + folder.filename().string() + ".XXXXXX")).string();
    if (::mkdtemp(name.data()) == nullptr)
        return errno_error("no folder can be made in " + parent.string(), errno);
    UniqueFd lock = open_folder(name);
    if (lock)
        ::flock(lock.get(), LOCK_SH);
    return FolderAside(name, std::move(lock));
}

FolderAside::~FolderAside() {
    if (!path_.empty())
        remove_tree(path_);
}

Result<void> FolderAside::rename_to(const fs::path& folder) {
    if (::rename(path_.c_str(), folder.c_str()) != 0)
        return errno_error(folder.string() + " can't be made", errno);
    path_.clear();
    return {};
}

void FolderAside::remove_abandoned(const fs::path& parent) {
    const UniqueFd sweeping = open_folder(parent);
    if (!sweeping || ::flock(sweeping.get(), LOCK_EX | LOCK_NB) != 0)
        return;  // somebody begins just now: the next one sweeps
    std::error_code ignored;
    for (fs::directory_iterator at(parent, ignored), end; !ignored && at != end;
         at.increment(ignored)) {
        if (!is_ours(at->path()))
            continue;
        const UniqueFd folder = open_folder(at->path());
        if (folder && ::flock(folder.get(), LOCK_EX | LOCK_NB) == 0)
            remove_tree(at->path());
    }
}

}  // namespace glovebox::eif
