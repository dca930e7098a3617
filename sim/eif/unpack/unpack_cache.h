// SPDX-License-Identifier: Apache-2.0

// Ramdisks on this machine's disk, ready to be started, and kept: the second start of an image
// finds them there.
//
//   <cache>/<96 hexadecimal digits>/        SHA-384 of PCR0 and the ramdisks' sizes, and
//                                           of this layout's name
//       tree/rootfs/  init  dev/  cmd  env  all ramdisks, one over the other, as the kernel has
//                                           them
//       bytes                               what they take in memory
//       content, seal                       of the tree, see tree_seal.h
//
// An entry is written aside and renamed, so it is there whole or not at all, and never changed
// afterwards: enclaves see it through an overlay of their own. One that something else has changed
// is refused, if only by a byte and with all times set back; each start asks the seal, and the
// content where the seal is another one. What a killed start left aside goes with the next one that
// unpacks. Its name is made from the very bytes that were unpacked: they are measured again behind
// the unpacking, and an image that was altered meanwhile is refused.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "core/base/error.h"
#include "sim/eif/base/mapped_file.h"
#include "sim/eif/format/image.h"
#include "sim/eif/format/measurement.h"
#include "sim/eif/tree/file_tree.h"

namespace glovebox::eif {

struct UnpackedImage {
    std::filesystem::path folder;  // the tree
    std::uint64_t bytes = 0;       // what its files take in memory, in whole pages
    bool was_cached = false;

    [[nodiscard]] std::filesystem::path root() const { return folder / "rootfs"; }
};

// What AWS's init reads beside the root file system. Absent where the ramdisks have no such file.
struct InitFiles {
    std::optional<std::string> env;
    std::optional<std::string> cmd;
};
[[nodiscard]] Result<InitFiles> read_init_files(const UnpackedImage& image);

class UnpackCache {
  public:
    // The folder is made when it is first needed, its user's alone.
    explicit UnpackCache(std::filesystem::path folder) : folder_(std::move(folder)) {}

    // `pcr0` is what `image` measures; `mapping` is what it was parsed from.
    [[nodiscard]] Result<UnpackedImage> get(const Image& image, const Pcr& pcr0,
                                            const MappedFile& mapping,
                                            const TreeLimits& limits = {}) const;

    // $XDG_CACHE_HOME/glovebox/images, else ~/.cache/glovebox/images. The values of the two
    // variables come in; an error when neither is an absolute path.
    [[nodiscard]] static Result<std::filesystem::path> default_folder(const char* xdg_cache_home,
                                                                      const char* home);

  private:
    [[nodiscard]] Result<void> make_folder() const;
    std::filesystem::path folder_;
};

}  // namespace glovebox::eif
