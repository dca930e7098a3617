// SPDX-License-Identifier: Apache-2.0

#include "sim/eif/unpack/extract.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <string>
#include <system_error>

#include "core/base/output_file.h"
#include "core/base/scratch.h"
#include "sim/eif/base/error.h"
#include "sim/eif/format/signature_section.h"
#include "sim/eif/tree/tree_writer.h"
#include "sim/eif/unpack/ramdisks.h"

namespace glovebox::eif {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t written_at_once = 1 << 20;

Result<void> write_whole(const fs::path& path, BytesView bytes,
                         Progress& progress = no_progress()) {
    auto out = OutputFile::create(path);
    if (!out)
        return out.error();
    while (!bytes.empty()) {
        const BytesView piece = bytes.first(std::min(bytes.size(), written_at_once));
        if (const auto written = out->append(piece); !written)
            return written.error();
        progress.add(piece.size());
        bytes = bytes.subspan(piece.size());
    }
    return out->commit();
}

std::string file_name_of(const Section& section, std::size_t number_of_its_type) {
    static const std::map<Compression, std::string> suffixes{
        {Compression::none, ".cpio"},      {Compression::gzip, ".cpio.gz"},
        {Compression::bzip2, ".cpio.bz2"}, {Compression::xz, ".cpio.xz"},
        {Compression::lzma, ".cpio.lzma"}, {Compression::lzo, ".cpio.lzo"},
        {Compression::lz4, ".cpio.lz4"},   {Compression::zstd, ".cpio.zst"}};
    const std::string again =
        number_of_its_type == 0 ? std::string() : fmt::format("{}", number_of_its_type);
    switch (section.type) {
        case SectionType::kernel:
            return "kernel" + again;
        case SectionType::cmdline:
            return "cmdline" + again;
        case SectionType::ramdisk:
            return fmt::format("ramdisk{}{}", number_of_its_type,
                               suffixes.at(compression_of(section.data)));
        case SectionType::signature:
            return "signature" + again + ".cbor";
        case SectionType::metadata:
            return "metadata" + again + ".json";
    }
    return "section";
}

Result<void> extract_files(const Image& image, const fs::path& folder, const TreeLimits& limits,
                           Progress& progress) {
    LeftOut left_out;
    const auto tree = unpack_ramdisks(image, folder, limits, progress, &left_out);
    if (!tree)
        return tree.error();
    std::string listing = listing_of(*tree);
    if (left_out.count() != 0)
        listing += "# " + left_out.sentence() + '\n';
    if (const auto listed = write_whole(folder / "files.txt", as_bytes(listing)); !listed)
        return listed.error();
    std::error_code code;
    if (!fs::create_directory(folder / "files", code))
        return errno_error((folder / "files").string() + " can't be made", code.value());
    return write_tree(*tree, folder / "files", TreeUse::inspection, progress);
}

}  // namespace

Result<void> extract_image(const Image& image, const fs::path& given, const ExtractOptions& options,
                           Progress& progress) {
    // "out/" is "out".
    const fs::path folder = given.has_filename() ? given : given.parent_path();
    std::error_code code;
    if (fs::symlink_status(folder, code).type() != fs::file_type::not_found)
        return Error(EifError::invalid_input,
                     folder.string() + " exists already: name a folder that does not");
    auto aside = Scratch::make_folder(folder.parent_path(), "." + folder.filename().string() + ".");
    if (!aside)
        return aside.error();
    progress.begin("writing the parts of", image.file().size());
    std::map<SectionType, std::size_t> seen;
    for (const Section& section : image.sections()) {
        const fs::path path = aside->path() / file_name_of(section, seen[section.type]++);
        if (const auto written = write_whole(path, section.data, progress); !written)
            return written.error();
        // A signature that cannot be decoded is in signature.cbor unchanged.
        if (section.type == SectionType::signature)
            if (const auto signature = SignatureSection::decode(section.data))
                if (const auto written = write_whole(aside->path() / "signing-certificate.pem",
                                                     signature->certificate_pem);
                    !written)
                    return written.error();
    }
    if (options.files)
        if (const auto extracted = extract_files(image, aside->path(), options.limits, progress);
            !extracted)
            return extracted.error();
    if (const auto renamed = aside->rename_to(folder); !renamed)
        return renamed.error();
    // The temporary folder was private; the result has ordinary permissions.
    fs::permissions(folder, fs::perms(0755), code);
    return {};
}

}  // namespace glovebox::eif
