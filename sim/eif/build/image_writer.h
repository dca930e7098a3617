// SPDX-License-Identifier: Apache-2.0

// Writes an enclave image: header, sections, CRC and, if wanted, the signature. All of it follows
// from the arguments: no clock, no chance, nothing of this machine.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "sim/eif/base/output_file.h"
#include "sim/eif/build/signer.h"
#include "sim/eif/format/header.h"
#include "sim/eif/format/measurement.h"
#include "sim/eif/tree/cpio.h"
#include "sim/eif/tree/file_tree.h"

namespace glovebox::eif {

// Appends sections to an empty file, in order, and finishes the header.
class ImageWriter {
  public:
    // Reserves the header.
    [[nodiscard]] static Result<ImageWriter> begin(OutputFile& out, Architecture architecture);

    // A section whose data is written to the file between the two calls.
    [[nodiscard]] Result<void> open_section(SectionType type);
    [[nodiscard]] Result<void> close_section();
    [[nodiscard]] Result<void> add_section(SectionType type, BytesView data);

    // Measures, adds the signature if an identity is given, and writes header and CRC.
    [[nodiscard]] Result<Measurements> finish(const SigningIdentity* identity);

  private:
    explicit ImageWriter(OutputFile& out) : out_(&out) {}
    OutputFile* out_;
    Header header_;
};

// The time of every file in a ramdisk.
struct FileTimes {
    std::uint32_t fixed = 0;  // seconds since 1970
    bool keep = false;        // true: the tree's own times; entries without one get `fixed`
};

// The ramdisk of AWS's builder with the parts of the system: dev/, init, and nsm.ko if there is
// one.
[[nodiscard]] Result<void> write_boot_ramdisk(OutputFile& out, BytesView init,
                                              const std::vector<BytesView>& nsm_ko,
                                              FileTimes times);

// The ramdisk with the application: cmd, env, and the root file system below rootfs/, sorted by
// name.
[[nodiscard]] Result<void> write_application_ramdisk(OutputFile& out, const FileTree& root,
                                                     std::string_view cmd, std::string_view env,
                                                     FileTimes times);

}  // namespace glovebox::eif
