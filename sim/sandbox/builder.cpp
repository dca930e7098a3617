// SPDX-License-Identifier: Apache-2.0

#include "sim/sandbox/builder.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/base/unique_fd.h"
#include "sim/sandbox/locked_mounts.h"
#include "sim/sandbox/mount_calls.h"

namespace glovebox::sandbox {
namespace {

// The parent of a path, opened, and the path's last name.
struct Parent {
    UniqueFd directory;
    char name[NAME_MAX + 1] = {};
};

class Builder {
  public:
    explicit Builder(int outer_socket) : outer_socket_(outer_socket) {}

    // 0 or errno.
    int carry_out(const Step& step) noexcept {
        has_bound_instead_ = false;
        const int result = perform(step);
        if (result == 0)
            return 0;
        const int error = errno;
        return step.may_be_absent && error == ENOENT ? 0 : error;
    }
    // Of the last step: whether its mount failed and its folder was bound read-only.
    [[nodiscard]] bool has_bound_instead() const noexcept { return has_bound_instead_; }

  private:
    int perform(const Step& step) noexcept {
        switch (step.op) {
            case Step::Op::make_directory:
                return make_directory(step);
            case Step::Op::write_file:
                return write_file(step);
            case Step::Op::extend_file:
                return extend_file(step);
            case Step::Op::symlink:
                return symlink(step);
            case Step::Op::whiteout:
                return whiteout(step);
            case Step::Op::mount:
                return mount(step);
            case Step::Op::bind:
                return bind(step);
            case Step::Op::unmount:
                return unmount(step);
            case Step::Op::enter_root:
                return enter_root();
        }
        errno = EINVAL;
        return -1;
    }

    // The folder at which a place's paths begin, opened when it is first needed: steps mount the
    // stage and the root.
    int begin_of(Place place) noexcept {
        if (place == Place::host)
            return AT_FDCWD;
        if (place == Place::root && root_)
            return root_.get();
        if (!stage_)
            stage_.reset(::open(stage_path, O_PATH | O_DIRECTORY | O_CLOEXEC));
        if (place == Place::stage || !stage_)
            return stage_.get();
        root_.reset(::openat(stage_.get(), root_folder, O_PATH | O_DIRECTORY | O_CLOEXEC));
        return root_.get();
    }

    UniqueFd open_target(Place place, const char* path, int flags) noexcept {
        if (place == Place::host)
            return UniqueFd(::open(path, flags | O_CLOEXEC));
        const int begin = begin_of(place);
        return begin < 0 ? UniqueFd()
                         : UniqueFd(open_in_root(begin, path, static_cast<unsigned>(flags)));
    }

    bool open_parent(const Step& step, Parent& parent) noexcept {
        char folder[PATH_MAX];
        if (step.target.size() >= sizeof folder) {
            errno = ENAMETOOLONG;
            return false;
        }
        const std::size_t slash = step.target.rfind('/');
        if (slash == std::string::npos || step.target.size() - slash > sizeof parent.name) {
            errno = EINVAL;
            return false;
        }
        std::memcpy(folder, step.target.data(), slash);
        folder[slash] = '\0';
        if (slash == 0)
            std::memcpy(folder, "/", 2);
        std::memcpy(parent.name, step.target.data() + slash + 1, step.target.size() - slash - 1);
        parent.directory = open_target(step.place, folder, O_PATH | O_DIRECTORY);
        return static_cast<bool>(parent.directory);
    }

    int make_directory(const Step& step) noexcept {
        Parent parent;
        if (!open_parent(step, parent))
            return -1;
        return ::mkdirat(parent.directory.get(), parent.name, step.mode) == 0 || errno == EEXIST
                   ? 0
                   : -1;
    }

    UniqueFd create_file(const Step& step) noexcept {
        Parent parent;
        if (!open_parent(step, parent))
            return UniqueFd();
        return UniqueFd(::openat(parent.directory.get(), parent.name,
                                 O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, step.mode));
    }

    int extend_file(const Step& step) noexcept {
        const UniqueFd source(::open(step.source.c_str(), O_RDONLY | O_CLOEXEC));
        const UniqueFd file = source ? create_file(step) : UniqueFd();
        if (!file)
            return -1;
        char block[16384];
        ssize_t size = 0;
        while ((size = ::read(source.get(), block, sizeof block)) > 0)
            if (write_all(file.get(), block, static_cast<std::size_t>(size)) != 0)
                return -1;
        return size == 0 ? append(file.get(), step.data) : -1;
    }

    int write_file(const Step& step) noexcept {
        const UniqueFd file = create_file(step);
        return file ? append(file.get(), step.data) : -1;
    }

    static int append(int file, const std::string& data) noexcept {
        return write_all(file, data.data(), data.size());
    }

    // A disk that gets full takes a part; the next call says why it takes no more.
    static int write_all(int file, const char* data, std::size_t size) noexcept {
        while (size > 0) {
            const ssize_t written = ::write(file, data, size);
            if (written < 0 && errno != EINTR)
                return -1;
            if (written > 0) {
                data += written;
                size -= static_cast<std::size_t>(written);
            }
        }
        return 0;
    }

    int symlink(const Step& step) noexcept {
        Parent parent;
        if (!open_parent(step, parent))
            return -1;
        return ::symlinkat(step.source.c_str(), parent.directory.get(), parent.name) == 0 ||
                       errno == EEXIST
                   ? 0
                   : -1;
    }

    int whiteout(const Step& step) noexcept {
        Parent parent;
        if (!open_parent(step, parent))
            return -1;
        // Overlayfs: a character device 0:0 in the upper folder hides the name; anybody may make
        // one.
        return ::mknodat(parent.directory.get(), parent.name, S_IFCHR, makedev(0, 0));
    }

    int mount(const Step& step) noexcept {
        if (step.place == Place::host)
            return ::mount(step.source.c_str(), step.target.c_str(), step.type.c_str(), step.flags,
                           step.data.c_str());
        const UniqueFd target = open_target(step.place, step.target.c_str(), O_PATH | O_DIRECTORY);
        if (!target || ::fchdir(target.get()) != 0)
            return -1;
        if (::mount(step.source.c_str(), ".", step.type.c_str(), step.flags, step.data.c_str()) ==
            0)
            return 0;
        if (!step.or_bound.empty())
            return bind_read_only(step, target.get());
        if (!step.or_read_only || errno != EPERM)
            return -1;
        return ::mount(step.source.c_str(), ".", step.type.c_str(), step.flags | MS_RDONLY,
                       step.data.c_str());
    }

    int bind_read_only(const Step& step, int target) noexcept {
        const UniqueFd source = open_target(Place::stage, step.or_bound.c_str(), O_PATH);
        const UniqueFd tree(source ? clone_tree(source.get(), "") : -1);
        if (!tree || make_tree_read_only(tree.get()) != 0 || attach_tree(tree.get(), target) != 0)
            return -1;
        has_bound_instead_ = true;
        return 0;
    }

    int bind(const Step& step) noexcept {
        UniqueFd tree;
        if (step.source_place == Place::host) {
            tree.reset(clone_tree(AT_FDCWD, step.source.c_str()));
        } else {
            const UniqueFd source = open_target(step.source_place, step.source.c_str(), O_PATH);
            if (!source)
                return -1;
            tree.reset(clone_tree(source.get(), ""));
        }
        if (!tree || ((step.flags & MS_RDONLY) != 0 && make_tree_read_only(tree.get()) != 0))
            return -1;
        const UniqueFd target = open_target(step.place, step.target.c_str(), O_PATH);
        return !target ? -1 : attach_tree(tree.get(), target.get());
    }

    int unmount(const Step& step) noexcept {
        const UniqueFd target = open_target(step.place, step.target.c_str(), O_PATH | O_DIRECTORY);
        if (!target || ::fchdir(target.get()) != 0)
            return -1;
        // "." is busy, because it is the working directory. Once detached, it disappears when that
        // changes.
        return ::umount2(".", MNT_DETACH);
    }

    // The stage disappears with its mount namespace.
    int enter_root() noexcept {
        const int root = begin_of(Place::root);
        if (root < 0)
            return -1;
        const UniqueFd tree(clone_tree(root, ""));
        if (!tree || enter_locked(outer_socket_, tree.get()) != 0)
            return -1;
        stage_.reset();
        root_.reset(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
        return root_ ? 0 : -1;
    }

    int outer_socket_;
    bool has_bound_instead_ = false;
    UniqueFd stage_;
    UniqueFd root_;
};

}  // namespace

BuildResult build_sandbox(const std::vector<Step>& steps, int outer_socket) noexcept {
    Builder builder(outer_socket);
    BuildResult result;
    for (std::size_t i = 0; i < steps.size(); ++i) {
        result.error = builder.carry_out(steps[i]);
        if (result.error != 0) {
            result.failed_step = static_cast<int>(i);
            return result;
        }
        if (builder.has_bound_instead())
            result.bound_step = static_cast<int>(i);
    }
    if (::chdir("/") != 0)
        result.error = errno;
    return result;
}

}  // namespace glovebox::sandbox
