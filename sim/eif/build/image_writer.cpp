// SPDX-License-Identifier: Apache-2.0

#include "sim/eif/build/image_writer.h"

#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <limits>

#include "sim/eif/base/byte_source.h"
#include "sim/eif/base/error.h"
#include "sim/eif/base/mapped_file.h"
#include "sim/eif/format/image.h"
#include "sim/eif/tree/cpio_node.h"

namespace glovebox::eif {
namespace {

CpioEntry own_entry(std::string name, std::uint32_t mode, FileTimes times) {
    CpioEntry entry;
    entry.name = std::move(name);
    entry.mode = mode;
    entry.nlink = S_ISDIR(mode) ? 2 : 1;
    entry.mtime = times.fixed;
    return entry;
}

std::uint32_t time_of(const Node& node, FileTimes times) {
    if (!times.keep || node.implied)
        return times.fixed;
    return static_cast<std::uint32_t>(
        std::clamp<std::int64_t>(node.mtime, 0, std::numeric_limits<std::uint32_t>::max()));
}

Result<void> add_node(const std::string& path, const Node& node, FileTimes times, CpioWriter& cpio,
                      Progress& progress) {
    CpioEntry entry = own_entry("rootfs/" + path, node.mode(), times);
    entry.mtime = time_of(node, times);
    return add_node_to(cpio, std::move(entry), node, path, progress);
}

}  // namespace

Result<ImageWriter> ImageWriter::begin(OutputFile& out, Architecture architecture) {
    ImageWriter writer(out);
    writer.header_.flags = architecture == Architecture::aarch64 ? 1 : 0;
    if (const auto reserved = out.append(writer.header_.encode()); !reserved)
        return reserved.error();
    return writer;
}

Result<void> ImageWriter::open_section(SectionType type) {
    if (header_.num_sections == section_slots)
        return Error(EifError::limit_exceeded,
                     fmt::format("an image has {} sections at most", section_slots));
    header_.section_offsets[header_.num_sections++] = out_->size();
    return out_->append(SectionHeader{.type = static_cast<std::uint16_t>(type)}.encode());
}

Result<void> ImageWriter::close_section() {
    const std::size_t slot = header_.num_sections - 1u;
    const std::uint64_t offset = header_.section_offsets[slot];
    const std::uint64_t size = out_->size() - offset - section_header_size;
    header_.section_sizes[slot] = size;
    // The size is the last field of the section's header.
    const auto bytes = SectionHeader{.size = size}.encode();
    constexpr std::size_t size_at = 4;
    return out_->overwrite(offset + size_at, BytesView(bytes).subspan(size_at));
}

Result<void> ImageWriter::add_section(SectionType type, BytesView data) {
    if (const auto opened = open_section(type); !opened)
        return opened.error();
    if (const auto written = out_->append(data); !written)
        return written.error();
    return close_section();
}

Result<Measurements> ImageWriter::finish(const SigningIdentity* identity, Progress& progress) {
    if (const auto written = out_->overwrite(0, header_.encode()); !written)
        return written.error();
    const auto file = MappedFile::map(out_->fd(), out_->path());
    if (!file)
        return file.error();
    const auto image = Image::parse(file->bytes());
    if (!image)
        return image.error();
    const ContentMeasurement measured = measure_content(*image, &*file, progress);
    Measurements pcrs = measured.pcrs;
    header_.crc32 = measured.crc32;
    if (identity != nullptr) {
        const auto signature = identity->sign(pcrs.pcr0);
        if (!signature)
            return signature.error();
        if (const auto added = add_section(SectionType::signature, *signature); !added)
            return added.error();
        if (const auto written = out_->overwrite(0, header_.encode()); !written)
            return written.error();
        const auto signed_file = MappedFile::map(out_->fd(), out_->path());
        if (!signed_file)
            return signed_file.error();
        header_.crc32 = image_crc32(signed_file->bytes());
        pcrs.pcr8 = identity->pcr8();
    }
    if (const auto written = out_->overwrite(0, header_.encode()); !written)
        return written.error();
    return pcrs;
}

Result<void> write_boot_ramdisk(OutputFile& out, BytesView init,
                                const std::vector<BytesView>& nsm_ko, FileTimes times) {
    CpioWriter cpio(out);
    if (const auto added = cpio.add(own_entry("dev", S_IFDIR | 0755, times), {}); !added)
        return added.error();
    if (const auto added = cpio.add(own_entry("init", S_IFREG | 0755, times), init); !added)
        return added.error();
    for (const BytesView module : nsm_ko)
        if (const auto added = cpio.add(own_entry("nsm.ko", S_IFREG | 0755, times), module); !added)
            return added.error();
    return cpio.finish();
}

Result<void> write_application_ramdisk(OutputFile& out, const FileTree& root, std::string_view cmd,
                                       std::string_view env, FileTimes times, Progress& progress) {
    CpioWriter cpio(out);
    if (const auto added = cpio.add(own_entry("cmd", S_IFREG | 0644, times), as_bytes(cmd)); !added)
        return added.error();
    if (const auto added = cpio.add(own_entry("env", S_IFREG | 0644, times), as_bytes(env)); !added)
        return added.error();
    if (const auto added = cpio.add(own_entry("rootfs", S_IFDIR | 0755, times), {}); !added)
        return added.error();
    progress.begin("writing", root.content_size());
    for (const auto& [path, node] : root.entries()) {
        progress.add(0);
        if (const auto added = add_node(path, *node, times, cpio, progress); !added)
            return added.error();
    }
    progress.end();
    return cpio.finish();
}

}  // namespace glovebox::eif
