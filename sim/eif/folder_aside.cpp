#include "sim/eif/folder_aside.h"

#include <stdio.h>
#include <stdlib.h>

#include <cerrno>
#include <string>
#include <system_error>

namespace glovebox::eif {

namespace fs = std::filesystem;

Result<FolderAside> FolderAside::beside(const fs::path& folder) {
    fs::path parent = folder.parent_path();
    if (parent.empty())
        parent = ".";
    std::string name = (parent / ("." + folder.filename().string() + ".XXXXXX")).string();
    if (::mkdtemp(name.data()) == nullptr)
        return errno_error("no folder can be made in " + parent.string(), errno);
    return FolderAside(name);
}

FolderAside::~FolderAside() {
    std::error_code ignored;
    if (!path_.empty())
        fs::remove_all(path_, ignored);
}

Result<void> FolderAside::rename_to(const fs::path& folder) {
    if (::rename(path_.c_str(), folder.c_str()) != 0)
        return errno_error(folder.string() + " can't be made", errno);
    path_.clear();
    return {};
}

}  // namespace glovebox::eif
