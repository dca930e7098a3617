// SPDX-License-Identifier: Apache-2.0

#include "sim/nitro_cli/boot_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>

#include "sim/eif/build/nitro_rules.h"
#include "sim/eif/build/program_file.h"
#include "sim/eif/format/aws_init.h"
#include "sim/eif/tree/archive_reader.h"
#include "sim/eif/tree/file_tree.h"
#include "sim/eif/unpack/ramdisks.h"
#include "sim/sandbox/root_fs_plan.h"

namespace glovebox::nitro_cli {
namespace {

// init's own limit is the enclave's memory; a longer list is not read.
constexpr std::size_t lines_bytes_max = std::size_t{1} << 20;
// AWS's init has less than a MiB.
constexpr std::size_t program_bytes_max = std::size_t{64} << 20;

// What is below a folder of the tree, as a tree of its own.
Result<eif::FileTree> below(const eif::FileTree& tree, const std::string& folder) {
    eif::FileTree part;
    const std::string prefix = folder + "/";
    for (auto at = tree.entries().lower_bound(prefix);
         at != tree.entries().end() && at->first.starts_with(prefix); ++at)
        if (const auto put = part.put(at->first.substr(prefix.size()), at->second); !put)
            return put.error();
    return part;
}

// The lines of a file at the top of the ramdisks; empty if it is missing.
std::optional<std::vector<std::string>> lines_of(const eif::FileTree& tree, const char* name) {
    const auto place = tree.resolve(name);
    const auto node = place ? tree.find(*place) : nullptr;
    if (!node || node->type != eif::NodeType::file)
        return std::nullopt;
    const auto text = node->content.head(lines_bytes_max, name);
    if (!text)
        return std::nullopt;
    return sandbox::read_init_lines(as_text(*text));
}

void check_kernel(const eif::Image& image, std::vector<std::string>& problems) {
    const eif::Section* kernel = image.find(eif::SectionType::kernel);
    if (kernel == nullptr)
        return;  // a broken rule of the format, which the description has
    const auto of = eif::inspect_kernel(kernel->data).architecture;
    const eif::Architecture wanted = image.header().architecture();
    if (!of)
        problems.emplace_back(
            "the kernel is neither a bzImage nor an aarch64 Image: the image does not boot");
    else if (*of != wanted)
        problems.push_back(fmt::format("the kernel is for {}, the image for {}: it does not boot",
                                       eif::to_string(*of), eif::to_string(wanted)));
}

// A kernel gets the ramdisks as one, each directly behind the one before, and skips zero bytes
// between them. It reads a plain archive, and any archive behind a plain one, at a multiple of four
// alone (init/initramfs.c, unpack_to_rootfs and do_reset).
void check_alignment(const eif::Image& image, std::vector<std::string>& problems) {
    std::uint64_t at = 0;
    std::size_t number = 0;
    bool is_behind_plain = false;
    for (const BytesView ramdisk : image.ramdisks()) {
        const auto zeros = static_cast<std::size_t>(
            std::find_if(ramdisk.begin(), ramdisk.end(), [](auto byte) { return byte != 0; }) -
            ramdisk.begin());
        if (zeros < ramdisk.size()) {
            const bool is_plain =
                eif::compression_of(ramdisk.subspan(zeros)) == eif::Compression::none;
            const std::uint64_t beyond = (at + zeros) % 4;
            if (beyond != 0 && (is_plain || is_behind_plain))
                problems.push_back(fmt::format(
                    "ramdisk {} begins behind {} bytes of others, which is no multiple of 4: the "
                    "kernel does not read it. Missing zero bytes at the end of the ramdisk before "
                    "it: {}",
                    number, at + zeros, 4 - beyond));
            is_behind_plain = is_plain;
        }
        at += ramdisk.size();
        ++number;
    }
}

}  // namespace

Result<std::vector<std::string>> check_boot(const eif::Image& image, Progress& progress) {
    std::vector<std::string> problems;
    check_kernel(image, problems);
    check_alignment(image, problems);
    eif::LeftOut left_out;
    const auto tree = eif::unpack_ramdisks(image, std::filesystem::temp_directory_path(), {},
                                           progress, &left_out);
    if (!tree)
        return tree.error();
    if (left_out.count() != 0)
        problems.push_back(left_out.sentence());
    const std::string path = eif::init_path(image);
    const auto place = tree->resolve(path);
    const auto init = place ? tree->find(*place) : nullptr;
    if (!init || init->type != eif::NodeType::file) {
        problems.push_back(fmt::format("the ramdisks have no {}: the kernel panics", path));
        return problems;
    }
    const auto program = init->content.head(program_bytes_max, path);
    if (!program)
        return program.error();
    if (!eif::is_aws_init(*program))
        return problems;  // its steps are its own
    const auto command = lines_of(*tree, "cmd");
    const auto environment = lines_of(*tree, "env");
    if (!command || !environment) {
        problems.push_back(
            fmt::format("the ramdisks have no {} at their top: AWS's init ends with \"Could not "
                        "open /env file\"",
                        command ? "/env" : "/cmd"));
        return problems;
    }
    const auto root = below(*tree, "rootfs");
    if (!root)
        return root.error();
    for (std::string& problem :
         eif::start_problems(*root, *command, *environment, image.header().architecture()))
        problems.push_back(std::move(problem));
    return problems;
}

}  // namespace glovebox::nitro_cli
