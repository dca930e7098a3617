// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/boot_image.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>

#include <optional>
#include <system_error>

#include "core/base/unique_fd.h"
#include "sim/eif/format/aws_init.h"
#include "sim/eif/format/signature_check.h"
#include "sim/enclave/kernel_end.h"
#include "sim/sandbox/mount_calls.h"
#include "sim/sandbox/root_fs_plan.h"

namespace glovebox::enclave {
namespace {

constexpr unsigned killed_by_segfault = 0x0b;
constexpr unsigned exited_with_enoent = 0x0200;

// AWS's init prints this for each of the two files that it cannot open, and then reads through a
// null pointer.
constexpr std::string_view no_such_file = "Could not open /env file: No such file or directory\n";

constexpr std::string_view unpacking_failed = "Initramfs unpacking failed: write error\n";

std::string too_little_memory(const eif::UnpackedImage& unpacked) {
    return fmt::format(
        "the ramdisks take {} MiB unpacked, beside the image itself, and the "
        "enclave has not that much memory",
        (unpacked.bytes >> 20) + 1);
}

// The program that the kernel executes, in the tree of the ramdisks; empty if that file is missing.
std::optional<UniqueFd> open_init(const std::filesystem::path& tree, const std::string& path) {
    const UniqueFd folder(::open(tree.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    UniqueFd file(folder ? sandbox::open_in_root(folder.get(), path.c_str(), O_RDONLY) : -1);
    struct stat status {};
    return file && ::fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode)
               ? std::optional(std::move(file))
               : std::nullopt;
}

InitStart without_init(const std::string& path) {
    InitStart start;
    start.never_boots = true;
    start.cause = fmt::format(
        "the ramdisks have no {}, the program that the kernel executes: it looks for a root file "
        "system on a disk then, and ends with \"Kernel panic - not syncing: VFS: Unable to mount "
        "root fs on unknown-block(0,0)\". Build the image with an init (`glovebox eif build "
        "--init`)",
        path);
    return start;
}

InitStart own_init_start(const eif::UnpackedImage& unpacked, const std::string& path,
                         bool enough_memory) {
    InitStart start;
    start.root = unpacked.folder;
    if (!enough_memory) {
        start.panic = unpacking_failed;
        start.cause = too_little_memory(unpacked) + ": give it more (--memory)";
        return start;
    }
    start.is_own_init = true;
    start.command = {path};
    start.environment = {"HOME=/", "TERM=linux"};  // the kernel's own
    return start;
}

}  // namespace

Result<BootImage> BootImage::open(const std::filesystem::path& path) {
    auto file = eif::MappedFile::open(path);
    if (!file)
        return file.error();
    auto image = eif::Image::parse(file->bytes());
    if (!image)
        return Error(image.error()).in(path.string());
    return BootImage(path, std::move(*file), std::move(*image));
}

Result<std::string> BootImage::signature_refusal(TimePoint now) const {
    constexpr Pcr any{};  // run-enclave does not ask whether it is this image that was signed
    const auto signature = eif::check_signature(image_, any);
    if (!signature)
        return signature.error();
    if (!*signature)
        return std::string();
    if (!(*signature)->cose_verifies)
        return std::string("The signature does not verify with the certificate's key");
    return (*signature)->certificate.is_valid_at(now)
               ? std::string()
               : std::string("The signing certificate is expired");
}

Result<BootImage::Verdict> BootImage::examine(const eif::MeasuredFiles& cache, TimePoint now,
                                              std::string_view machine, Progress& progress) const {
    auto description = eif::describe(image_, cache.measure(image_, file_, path_, progress), now);
    if (!description)
        return description.error();
    Verdict verdict;
    for (const eif::Finding& finding : image_.findings())
        if (finding.effect == eif::Finding::Effect::will_not_boot && verdict.refusal.empty())
            verdict.refusal = finding.sentence;
    if (verdict.refusal.empty() && !description->crc_is_right)
        verdict.refusal = "its CRC is wrong: the file was changed after it was built";
    if (verdict.refusal.empty())
        verdict.refusal = foreign_architecture(image_.header().architecture(), machine);
    auto signature = signature_refusal(now);
    if (!signature)
        return signature.error();
    verdict.signature_refusal = std::move(*signature);
    verdict.description = std::move(*description);
    return verdict;
}

Result<InitStart> BootImage::start(const eif::UnpackCache& cache,
                                   const eif::MeasuredFiles& measured, const Pcr& pcr0,
                                   std::uint64_t memory_bytes, Progress& progress) const {
    const auto measure_again = [&] {
        return measured.measure(image_, file_, path_, progress).pcrs.pcr0;
    };
    const auto unpacked = cache.get(image_, pcr0, measure_again, {}, progress);
    if (!unpacked)
        return unpacked.error();
    // While the kernel unpacks, the image and its unpacked files are in memory together.
    const bool enough_memory = memory_bytes == 0 || size() + unpacked->bytes <= memory_bytes;
    const std::string path = eif::init_path(image_);
    const auto init = open_init(unpacked->folder, path);
    if (!init)
        return without_init(path);
    const auto program = eif::MappedFile::map(init->get(), path);
    if (!program)
        return program.error();
    if (!eif::is_aws_init(program->bytes()))
        return own_init_start(*unpacked, path, enough_memory);
    const auto files = eif::read_init_files(*unpacked);
    if (!files)
        return files.error();
    std::error_code code;
    const bool has_root = std::filesystem::is_directory(unpacked->root(), code);
    return read_init_start(*unpacked, *files, has_root, enough_memory);
}

std::string foreign_architecture(eif::Architecture of_image, std::string_view machine) {
    const std::string_view wanted = eif::to_string(of_image);
    if (wanted == machine)
        return {};
    return fmt::format(
        "the image is for {} (bit 0 of the header's flags, offset 6), and this machine is {}: an "
        "enclave has its parent's processors, on Nitro too, and nothing is emulated here. Build it "
        "for {} (docker build --platform linux/{}), or run it on a machine of its kind",
        wanted, machine, machine, machine == "aarch64" ? "arm64" : "amd64");
}

InitStart read_init_start(const eif::UnpackedImage& unpacked, const eif::InitFiles& files,
                          bool has_root, bool enough_memory) {
    InitStart start;
    start.root = unpacked.root();
    if (!enough_memory) {
        start.panic = fmt::format("{}{}{}init[1]: segfault at 0\n{}", unpacking_failed,
                                  no_such_file, no_such_file, panic_line(killed_by_segfault));
        start.cause = too_little_memory(unpacked) +
                      ", so that /env and /cmd never came to be: give it more (--memory)";
        return start;
    }
    for (const auto* file : {&files.env, &files.cmd})
        if (!*file)
            start.panic += no_such_file;
    if (start.has_failed()) {
        start.panic += "init[1]: segfault at 0\n" + panic_line(killed_by_segfault);
        start.cause = fmt::format(
            "the ramdisks have no {} at their top, which AWS's init reads before anything of the "
            "root file system (the message says /env for either): ship both files, even empty, "
            "beside rootfs/, as `glovebox eif build` does",
            !files.env && !files.cmd ? "/env and no /cmd"
            : files.env              ? "/cmd"
                                     : "/env");
        return start;
    }
    if (!has_root) {
        start.panic = "mount --bind /rootfs /rootfs: No such file or directory\n" +
                      panic_line(exited_with_enoent);
        start.cause = "the ramdisks have no directory /rootfs, which AWS's init makes the root";
        return start;
    }
    start.environment = sandbox::read_init_lines(*files.env);
    start.command = sandbox::read_init_lines(*files.cmd);
    return start;
}

}  // namespace glovebox::enclave
