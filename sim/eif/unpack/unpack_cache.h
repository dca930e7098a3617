// SPDX-License-Identifier: Apache-2.0

// A cache of unpacked ramdisks, ready to be started: the second start of an image finds them on
// disk.
//
//   <cache>/<96 hexadecimal digits>/        SHA-384 of PCR0, the ramdisks' sizes, and the name of
//                                           this layout
//       tree/rootfs/  init  dev/  cmd  env  all ramdisks, one over the other, as the kernel
//                                           unpacks them
//       bytes                               what they take in memory, in bytes
//       seal                                a digest of the tree, see tree_seal.h
//
// An entry is written aside and renamed, so it is complete or missing, and it never changes
// afterwards: enclaves see it through an overlay of their own. Each start compares the seal and, if
// that differs, the content with that of the image, which is unpacked once more; an entry that
// something else has changed, if only by a byte, is refused. What a killed start left behind is
// removed by the next one that unpacks. An entry belongs to the very bytes that were unpacked: the
// image is measured again after the unpacking, and refused if it was altered meanwhile.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "core/base/error.h"
#include "core/base/progress.h"
#include "core/crypto/pcr.h"
#include "sim/eif/format/image.h"
#include "sim/eif/tree/file_tree.h"

namespace glovebox::eif {

struct UnpackedImage {
    std::filesystem::path folder;  // the tree
    std::uint64_t bytes = 0;       // what its files take in memory, in whole pages
    bool was_cached = false;

    [[nodiscard]] std::filesystem::path root() const { return folder / "rootfs"; }
};

// The files that AWS's init reads beside the root file system. Absent if the ramdisks have no such
// file.
struct InitFiles {
    std::optional<std::string> env;
    std::optional<std::string> cmd;
};
// An error if one of them is not a regular file or has more than 4 MiB.
[[nodiscard]] Result<InitFiles> read_init_files(const UnpackedImage& image);

class UnpackCache {
  public:
    // The folder is made when it is first needed (cache_folder.h).
    explicit UnpackCache(std::filesystem::path folder) : folder_(std::move(folder)) {}

    // Returns the image's entry, and unpacks it first if it is missing. `pcr0` is the measurement
    // of `image`, and `measure_again` says what the file measures behind the unpacking. Errors:
    // EifError::damaged for an altered entry, changed_while_read for an image that was altered
    // meanwhile, and those of unpack_ramdisk. Several processes may do so at once.
    [[nodiscard]] Result<UnpackedImage> get(const Image& image, const Pcr& pcr0,
                                            const std::function<Pcr()>& measure_again,
                                            const TreeLimits& limits = {},
                                            Progress& progress = no_progress()) const;

    // $XDG_CACHE_HOME/glovebox/images, or ~/.cache/glovebox/images. The arguments are the values of
    // the two variables, or null; an error if neither is an absolute path.
    [[nodiscard]] static Result<std::filesystem::path> default_folder(const char* xdg_cache_home,
                                                                      const char* home);

  private:
    std::filesystem::path folder_;
};

}  // namespace glovebox::eif
