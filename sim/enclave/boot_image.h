// SPDX-License-Identifier: Apache-2.0

// An enclave image before it runs: checked as nitro-cli and the hypervisor check it, measured,
// unpacked, and read as AWS's init reads it.
//
// The kernel is measured and not booted: the image's root file system runs on this machine's
// kernel. The steps of AWS's init are then those of the sandbox (sandbox/root_fs_plan.h). Any other
// init is run itself (sandbox/init_plan.h).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/progress.h"
#include "sim/eif/base/mapped_file.h"
#include "sim/eif/format/image.h"
#include "sim/eif/report/describe.h"
#include "sim/eif/unpack/measured_files.h"
#include "sim/eif/unpack/unpack_cache.h"

namespace glovebox::enclave {

// The result of init's start: the program, or the reason why there is none.
struct InitStart {
    std::filesystem::path root;            // the root file system; it must not be written to
    std::vector<std::string> command;      // the lines of /cmd
    std::vector<std::string> environment;  // the lines of /env
    // The image has an init that is not AWS's: `command` is that init, and `root` is the whole tree
    // of the ramdisks.
    bool is_own_init = false;
    // The kernel has no program to execute, so no heartbeat comes: `cause` says why.
    bool never_boots = false;
    // The console's text if init ends before the program; empty if it does not.
    std::string panic;
    std::string cause;  // the reason and the remedy: Glovebox's text

    [[nodiscard]] bool has_failed() const { return !panic.empty(); }
};

class BootImage {
  public:
    // Fails if the file cannot be opened (errno) or is not an image (eif::EifError).
    [[nodiscard]] static Result<BootImage> open(const std::filesystem::path& path);

    [[nodiscard]] const eif::Image& image() const { return image_; }
    [[nodiscard]] std::uint64_t size() const { return file_.bytes().size(); }

    // The reason why run-enclave refuses the signature; empty if there is none, or if its COSE
    // verifies and the certificate is valid at `now`. Measures nothing: like run-enclave, it does
    // not check which image was signed.
    [[nodiscard]] Result<std::string> signature_refusal(TimePoint now) const;

    // What nitro-cli and the hypervisor say about the image.
    struct Verdict {
        eif::Description description;
        // A broken rule of the format, a wrong CRC, or another machine's image; empty if it boots.
        std::string refusal;
        std::string signature_refusal;  // see signature_refusal()
    };
    // Measures the image, or finds in the cache what it measured, and checks it. `machine` is this
    // machine's name in uname(2): x86_64, aarch64. The error is that of eif::describe: a part that
    // describe-eif cannot read.
    [[nodiscard]] Result<Verdict> examine(const eif::MeasuredFiles& cache, TimePoint now,
                                          std::string_view machine,
                                          Progress& progress = no_progress()) const;

    // Unpacks the image, or finds it in the cache, and reads its start. `pcr0` is what examine()
    // found, and `measured` what it was found in.
    // `memory_bytes` is the enclave's memory, which image and unpacked files have to fit into
    // together; 0 is enough in any case.
    [[nodiscard]] Result<InitStart> start(const eif::UnpackCache& cache,
                                          const eif::MeasuredFiles& measured, const Pcr& pcr0,
                                          std::uint64_t memory_bytes,
                                          Progress& progress = no_progress()) const;

  private:
    BootImage(std::filesystem::path path, eif::MappedFile file, eif::Image image)
        : path_(std::move(path)), file_(std::move(file)), image_(std::move(image)) {}
    std::filesystem::path path_;
    eif::MappedFile file_;
    eif::Image image_;
};

// The reason why an image cannot run on a machine of this name; empty if it can.
[[nodiscard]] std::string foreign_architecture(eif::Architecture of_image,
                                               std::string_view machine);

// Reads the start of AWS's init from the files at the top of the ramdisks. `enough_memory`: whether
// the kernel could unpack the ramdisks.
[[nodiscard]] InitStart read_init_start(const eif::UnpackedImage& unpacked,
                                        const eif::InitFiles& files, bool has_root,
                                        bool enough_memory);

}  // namespace glovebox::enclave
