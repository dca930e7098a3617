// SPDX-License-Identifier: Apache-2.0

#include "sim/eif/tree/directory_reader.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <map>
#include <memory>
#include <utility>

#include "core/base/unique_fd.h"
#include "sim/eif/base/error.h"

namespace glovebox::eif {
namespace {

struct CloseDir {
    void operator()(DIR* stream) const { ::closedir(stream); }
};
using DirStream = std::unique_ptr<DIR, CloseDir>;

class DirectoryReader {
  public:
    DirectoryReader(std::filesystem::path folder, const DirectoryOptions& options,
                    std::vector<std::string>& warnings)
        : folder_(std::move(folder)),
          options_(options),
          warnings_(warnings),
          budget_(options.limits) {}

    Result<FileTree> read() {
        UniqueFd root(::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (!root)
            return errno_error(folder_.string() + " can't be read as a folder", errno);
        root_ = std::make_shared<const UniqueFd>(std::move(root));
        if (const auto done = read_folder(""); !done)
            return done.error();
        return std::move(tree_);
    }

  private:
    [[nodiscard]] std::string shown(const std::string& path) const {
        return (folder_ / path).string();
    }

    // Each folder is opened by its whole path, so a deep tree needs no descriptors.
    Result<void> read_folder(const std::string& path) {
        const int fd = ::openat(root_->get(), path.empty() ? "." : path.c_str(),
                                O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
            return errno_error(shown(path) + " can't be read", errno);
        std::vector<std::string> names;
        {
            const DirStream stream(::fdopendir(fd));
            if (!stream) {
                ::close(fd);
                return errno_error(shown(path) + " can't be read", errno);
            }
            errno = 0;
            while (const dirent* entry = ::readdir(stream.get())) {
                const std::string_view name = entry->d_name;
                if (name != "." && name != "..")
                    names.emplace_back(name);
            }
            if (errno != 0)
                return errno_error(shown(path) + " can't be read", errno);
        }
        for (const std::string& name : names) {
            const std::string child = path.empty() ? name : fmt::format("{}/{}", path, name);
            if (const auto done = read_entry(child); !done)
                return done.error();
        }
        return {};
    }

    Result<void> read_entry(const std::string& path) {
        struct stat status {};
        if (::fstatat(root_->get(), path.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
            return errno_error(shown(path) + " can't be examined", errno);
        const auto canonical = canonical_path(path);
        if (!canonical)
            return Error(canonical.error()).in(folder_.string());

        if (S_ISSOCK(status.st_mode)) {
            warnings_.push_back("/" + path + " is a socket and is left out");
            return {};
        }
        auto node = node_of(path, status);
        if (!node)
            return node.error();
        if (const auto put = tree_.put(path, *node, &budget_); !put)
            return Error(put.error()).in(folder_.string());
        return S_ISDIR(status.st_mode) ? read_folder(path) : Result<void>();
    }

    Result<FileTree::NodePtr> node_of(const std::string& path, const struct stat& status) {
        const bool linked = S_ISREG(status.st_mode) && status.st_nlink > 1;
        if (linked)
            if (const auto known = linked_.find({status.st_dev, status.st_ino});
                known != linked_.end())
                return known->second;
        auto node = std::make_shared<Node>();
        node->permissions = status.st_mode & 07777;
        node->mtime = status.st_mtim.tv_sec;
        if (options_.keep_owners) {
            node->uid = status.st_uid;
            node->gid = status.st_gid;
        }
        switch (status.st_mode & S_IFMT) {
            case S_IFREG:
                node->type = NodeType::file;
                if (const auto read = read_file(path, status, *node); !read)
                    return read.error();
                break;
            case S_IFDIR:
                node->type = NodeType::directory;
                break;
            case S_IFLNK: {
                node->type = NodeType::symlink;
                node->permissions = 0777;
                std::array<char, PATH_MAX> target{};
                const ssize_t size =
                    ::readlinkat(root_->get(), path.c_str(), target.data(), target.size());
                if (size < 0)
                    return errno_error(shown(path) + " can't be read", errno);
                node->target.assign(target.data(), static_cast<std::size_t>(size));
                break;
            }
            case S_IFIFO:
                node->type = NodeType::fifo;
                break;
            default:
                node->type =
                    S_ISCHR(status.st_mode) ? NodeType::character_device : NodeType::block_device;
                node->device_major = major(status.st_rdev);
                node->device_minor = minor(status.st_rdev);
        }
        if (linked)
            linked_.emplace(std::pair{status.st_dev, status.st_ino}, node);
        return node;
    }

    Result<void> read_file(const std::string& path, const struct stat& status, Node& node) {
        const auto size = static_cast<std::uint64_t>(status.st_size);
        if (const auto spent = budget_.spend_content(size); !spent)
            return Error(spent.error()).in(shown(path));
        // Detected now, and not after a minute of writing.
        if (::faccessat(root_->get(), path.c_str(), R_OK, AT_EACCESS) != 0)
            return errno_error(shown(path) + " can't be read", errno);
        node.content = Content::below(
            root_, path, {.device = status.st_dev, .inode = status.st_ino, .size = size});
        node.has_capabilities =
            ::lgetxattr(shown(path).c_str(), "security.capability", nullptr, 0) > 0;
        return {};
    }

    std::filesystem::path folder_;
    const DirectoryOptions& options_;
    std::vector<std::string>& warnings_;
    TreeBudget budget_;
    std::shared_ptr<const UniqueFd> root_;
    std::map<std::pair<dev_t, ino_t>, FileTree::NodePtr> linked_;
    FileTree tree_;
};

}  // namespace

Result<FileTree> read_directory(const std::filesystem::path& folder,
                                const DirectoryOptions& options,
                                std::vector<std::string>& warnings) {
    return DirectoryReader(folder, options, warnings).read();
}

}  // namespace glovebox::eif
