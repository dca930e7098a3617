// SPDX-License-Identifier: Apache-2.0

// A guest's files, as the cpio archive that the kernel unpacks into memory.
//
// Everything belongs to root whoever builds it, and nothing needs a privilege. The archive is not
// compressed, because an emulated processor takes longer to unpack it than QEMU takes to copy it.
// The tree is Debian's, merged (/bin is usr/bin), so that programs find their libraries where they
// were linked.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/unique_fd.h"
#include "sim/eif/tree/file_tree.h"
#include "sim/vm/kernel.h"

namespace glovebox::vm {

// The ordinary user of a guest; root is the other one.
inline constexpr const char* guest_user = "guest";
inline constexpr std::uint32_t guest_user_id = 1000;

class Initramfs {
  public:
    // The folders, users and names that every guest has. An error if this machine's root directory
    // cannot be opened.
    [[nodiscard]] static Result<Initramfs> make();

    // Paths in the guest may begin with '/'. An existing file of that name is replaced.
    [[nodiscard]] Result<void> add_text(const std::string& path, std::string_view text,
                                        std::uint32_t permissions = 0644);
    // A file, or a folder with everything below it except __pycache__, with its permissions and
    // symbolic links. Contents are read by write().
    [[nodiscard]] Result<void> add_file(const std::filesystem::path& source,
                                        const std::string& path);
    // A program and the shared libraries that it is linked with, each at its own path. With an
    // empty path it goes to /usr/local/bin, which PATH has.
    [[nodiscard]] Result<void> add_program(const std::filesystem::path& source,
                                           const std::string& path);
    // busybox, and a link for each of its applets. The error says how to install it.
    [[nodiscard]] Result<void> add_busybox();
    // Modules to be loaded in this order by init.
    [[nodiscard]] Result<void> add_modules(std::vector<KernelModule> modules);

    [[nodiscard]] const eif::FileTree& tree() const { return tree_; }
    [[nodiscard]] Result<void> write(const std::filesystem::path& path) const;

  private:
    explicit Initramfs(UniqueFd root) : root_(std::make_shared<const UniqueFd>(std::move(root))) {}
    [[nodiscard]] Result<void> put(const std::string& path, eif::Node node);

    std::shared_ptr<const UniqueFd> root_;  // this machine's root directory
    eif::FileTree tree_;
};

}  // namespace glovebox::vm
