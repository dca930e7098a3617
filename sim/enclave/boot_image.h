// SPDX-License-Identifier: Apache-2.0

// An enclave image on its way to being run: checked as nitro-cli and the hypervisor do, measured,
// unpacked, and read as AWS's init reads it.
//
// The kernel is measured and not booted: what runs is the image's root file system, on this
// machine's kernel. Init's steps are then the sandbox's (sandbox/root_fs_plan.h).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "sim/eif/base/mapped_file.h"
#include "sim/eif/format/image.h"
#include "sim/eif/report/describe.h"
#include "sim/eif/unpack/unpack_cache.h"

namespace glovebox::enclave {

// How init's start ends.
struct InitStart {
    std::filesystem::path root;            // the root file system, not to be written to
    std::vector<std::string> command;      // the lines of /cmd
    std::vector<std::string> environment;  // the lines of /env
    // What stands on the console where init ends before the program; empty where it doesn't.
    std::string panic;
    std::string cause;  // why, and what to do about it: Glovebox's text

    [[nodiscard]] bool has_failed() const { return !panic.empty(); }
};

class BootImage {
  public:
    // Errors: the file can't be opened (errno), or it is not an image (eif::EifError).
    [[nodiscard]] static Result<BootImage> open(const std::filesystem::path& path);

    [[nodiscard]] const eif::Image& image() const { return image_; }
    [[nodiscard]] std::uint64_t size() const { return file_.bytes().size(); }

    // Why run-enclave refuses the signature, measuring nothing; empty where there is none, or its
    // COSE and the certificate's dates hold.
    [[nodiscard]] Result<std::string> signature_refusal(TimePoint now) const;

    // What the hypervisor refuses: a rule of the format that is broken, a wrong CRC, an image for
    // another machine; what describe-eif can't read; and a signature that run-enclave refuses.
    struct Verdict {
        eif::Description description;
        std::string refusal;            // empty where it boots
        std::string signature_refusal;  // empty where there is none, or it holds
    };
    // `machine` is this one's name as uname(2) has it: x86_64, aarch64.
    [[nodiscard]] Result<Verdict> examine(TimePoint now, std::string_view machine) const;

    // Unpacks it, or finds it unpacked. `memory_bytes` is what the enclave has; 0 for enough.
    [[nodiscard]] Result<InitStart> start(const eif::UnpackCache& cache, const Pcr& pcr0,
                                          std::uint64_t memory_bytes) const;

  private:
    BootImage(eif::MappedFile file, eif::Image image)
        : file_(std::move(file)), image_(std::move(image)) {}
    eif::MappedFile file_;
    eif::Image image_;
};

// Why an image can't run on a machine of this name; empty where it can.
[[nodiscard]] std::string foreign_architecture(eif::Architecture of_image,
                                               std::string_view machine);

// From the files that init found; `enough_memory` says whether the ramdisks could be unpacked.
[[nodiscard]] InitStart read_init_start(const eif::UnpackedImage& unpacked,
                                        const eif::InitFiles& files, bool has_root,
                                        bool enough_memory);

}  // namespace glovebox::enclave
