// SPDX-License-Identifier: Apache-2.0

// Writes an enclave image: header, sections, CRC and, if wanted, the signature. The bytes follow
// from the arguments alone: no clock, no randomness, no property of this machine.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/output_file.h"
#include "core/base/progress.h"
#include "sim/eif/build/signer.h"
#include "sim/eif/format/header.h"
#include "sim/eif/format/measurement.h"
#include "sim/eif/tree/cpio.h"
#include "sim/eif/tree/file_tree.h"

namespace glovebox::eif {

// Appends sections in order to an empty file, and completes the header at the end. The file
// outlives the writer.
class ImageWriter {
  public:
    // Appends a preliminary header, of header_size bytes.
    [[nodiscard]] static Result<ImageWriter> begin(OutputFile& out, Architecture architecture);

    // For a section whose data the caller appends to the file between the two calls. An error
    // beyond 32 sections.
    [[nodiscard]] Result<void> open_section(SectionType type);
    [[nodiscard]] Result<void> close_section();
    [[nodiscard]] Result<void> add_section(SectionType type, BytesView data);

    // Completes the image: measures it, adds a signature section if `identity` is not null, and
    // writes header and CRC. PCR8 is set only with an identity.
    [[nodiscard]] Result<Measurements> finish(const SigningIdentity* identity, Progress& progress);

  private:
    explicit ImageWriter(OutputFile& out) : out_(&out) {}
    OutputFile* out_;
    Header header_;
};

// The time of every file in a ramdisk.
struct FileTimes {
    std::uint32_t fixed = 0;  // seconds since 1970
    bool keep = false;        // true: the tree's own times; implied directories get `fixed`
};

// Appends the first ramdisk of AWS's builder, the system's part: dev/, init, and nsm.ko if there is
// one.
[[nodiscard]] Result<void> write_boot_ramdisk(OutputFile& out, BytesView init,
                                              const std::vector<BytesView>& nsm_ko,
                                              FileTimes times);

// Appends the second ramdisk, the application: cmd, env, and the root file system below rootfs/,
// sorted by name. An error if a file has 4 GiB or more, or changes while it is read.
[[nodiscard]] Result<void> write_application_ramdisk(OutputFile& out, const FileTree& root,
                                                     std::string_view cmd, std::string_view env,
                                                     FileTimes times, Progress& progress);

}  // namespace glovebox::eif
