// SPDX-License-Identifier: Apache-2.0

#include "sim/eif/format/image.h"

#include <fmt/core.h>

#include <algorithm>

#include "sim/eif/base/error.h"

namespace glovebox::eif {
namespace {

using Effect = Finding::Effect;
using Sections = std::vector<Section>;

Error damaged(std::string sentence) {
    return Error(EifError::damaged, std::move(sentence));
}

// Reads the section whose header is at `offset`. `number` counts from 1.
Result<Section> section_at(BytesView file, std::uint64_t offset, std::size_t number) {
    if (offset < header_size)
        return damaged(
            fmt::format("section {} starts at offset {}, inside the file header, which ends at {}",
                        number, offset, header_size));
    if (offset > file.size() || file.size() - offset < section_header_size)
        return damaged(fmt::format(
            "section {} starts at offset {}, but the file ends at {}: its 12-byte header is cut "
            "off",
            number, offset, file.size()));
    const auto at = static_cast<std::size_t>(offset);
    const SectionHeader header = SectionHeader::decode(file.subspan(at));
    if (!is_section_type(header.type))
        return damaged(fmt::format(
            "section {} at offset {} has type {}: 1 (kernel) to 5 (metadata) were expected", number,
            offset, header.type));
    const auto type = static_cast<SectionType>(header.type);
    const std::uint64_t room = file.size() - at - section_header_size;
    if (header.size > room)
        return damaged(fmt::format(
            "section {} ({}) at offset {} claims {} bytes of data, but only {} bytes follow it: "
            "the file is truncated or its size field is wrong",
            number, to_string(type), offset, header.size, room));
    return Section{
        .type = type,
        .flags = header.flags,
        .offset = offset,
        .data = file.subspan(at + section_header_size, static_cast<std::size_t>(header.size))};
}

std::uint64_t end_of(const Section& section) {
    return section.offset + section_header_size + section.data.size();
}

struct Walk {
    Sections sections;
    std::size_t trailing = 0;  // bytes behind the last section: fewer than a section header
};

// As AWS's tools read: header by header from byte 548.
Result<Walk> walk(BytesView file) {
    Walk result;
    std::uint64_t offset = header_size;
    while (file.size() - offset >= section_header_size) {
        const auto section = section_at(file, offset, result.sections.size() + 1);
        if (!section)
            return section.error();
        result.sections.push_back(*section);
        offset = end_of(*section);
    }
    result.trailing = static_cast<std::size_t>(file.size() - offset);
    return result;
}

// As the hypervisor reads: by the header's table.
Result<Sections> follow_table(BytesView file, const Header& header) {
    if (header.num_sections > section_slots)
        return damaged(fmt::format(
            "the header counts {} sections in num_sections (offset 26): at most {} fit its table",
            header.num_sections, section_slots));
    Sections sections;
    for (std::size_t i = 0; i < header.num_sections; ++i) {
        const auto section = section_at(file, header.section_offsets[i], i + 1);
        if (!section)
            return Error(section.error()).in("by the header's table");
        if (section->data.size() != header.section_sizes[i])
            return damaged(fmt::format(
                "section {} ({}) at offset {} has {} bytes by its own header, but {} by the file "
                "header's section_sizes[{}]",
                i + 1, to_string(section->type), section->offset, section->data.size(),
                header.section_sizes[i], i));
        sections.push_back(*section);
    }
    Sections by_offset = sections;
    std::sort(by_offset.begin(), by_offset.end(),
              [](const Section& a, const Section& b) { return a.offset < b.offset; });
    for (std::size_t i = 1; i < by_offset.size(); ++i)
        if (by_offset[i].offset < end_of(by_offset[i - 1]))
            return damaged(fmt::format(
                "by the header's table the {} section at offset {} overlaps the {} section at "
                "offset {}, which ends at {}",
                to_string(by_offset[i].type), by_offset[i].offset, to_string(by_offset[i - 1].type),
                by_offset[i - 1].offset, end_of(by_offset[i - 1])));
    return sections;
}

bool same_places(const Sections& a, const Sections& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](const Section& x, const Section& y) { return x.offset == y.offset; });
}

std::size_t count(const Sections& sections, SectionType type) {
    return static_cast<std::size_t>(std::count_if(
        sections.begin(), sections.end(), [type](const Section& s) { return s.type == type; }));
}

void judge_header(const Header& header, std::vector<Finding>& findings) {
    const auto add = [&findings](Effect effect, std::string sentence) {
        findings.push_back({effect, std::move(sentence)});
    };
    if (header.magic != magic)
        add(Effect::will_not_boot,
            "the file starts with " + to_hex(header.magic) +
                ", not with \".eif\" (2e656966): build an image with `glovebox eif build`");
    if (header.version < version_first || header.version > version_last)
        add(Effect::will_not_boot, fmt::format("version {} (offset 4): {} to {} are known",
                                               header.version, version_first, version_last));
    if ((header.flags & ~1u) != 0)
        add(Effect::unusual,
            fmt::format("flags 0x{:04x} (offset 6): only bit 0, the architecture, has a meaning",
                        header.flags));
    if (header.reserved != 0 || header.unused != 0)
        add(Effect::unusual, "reserved header fields (offsets 24 and 540) are not zero");
    for (std::size_t i = header.num_sections; i < section_slots; ++i)
        if (header.section_offsets[i] != 0 || header.section_sizes[i] != 0) {
            add(Effect::unusual,
                fmt::format("slot {} of the section table is filled, but num_sections is {}", i,
                            header.num_sections));
            break;
        }
}

void judge_sections(const Header& header, const Sections& sections,
                    std::vector<Finding>& findings) {
    const auto add = [&findings](Effect effect, std::string sentence) {
        findings.push_back({effect, std::move(sentence)});
    };
    for (const SectionType type : {SectionType::kernel, SectionType::cmdline})
        if (const std::size_t n = count(sections, type); n != 1)
            add(Effect::will_not_boot,
                fmt::format("there are {} {} sections: exactly one was expected", n,
                            to_string(type)));
    for (const SectionType type : {SectionType::metadata, SectionType::signature})
        if (const std::size_t n = count(sections, type); n > 1)
            add(Effect::will_not_boot, fmt::format("there are {} {} sections: one at most was "
                                                   "expected",
                                                   n, to_string(type)));
    if (header.version >= version_metadata && count(sections, SectionType::metadata) == 0)
        add(Effect::will_not_boot,
            fmt::format("version {} needs a metadata section, and there is none", header.version));
    if (header.version < version_metadata && count(sections, SectionType::metadata) != 0)
        add(Effect::unusual,
            fmt::format("version {} has no metadata section, and there is one", header.version));
    if (header.version < version_signature && count(sections, SectionType::signature) != 0)
        add(Effect::will_not_boot,
            fmt::format("version {} has no signature section, and there is one", header.version));

    bool kernel_seen = false;
    for (const Section& section : sections) {
        kernel_seen = kernel_seen || section.type == SectionType::kernel;
        if (section.type == SectionType::ramdisk && !kernel_seen)
            add(Effect::will_not_boot,
                fmt::format("the ramdisk at offset {} stands before the kernel", section.offset));
        if (section.flags != 0)
            add(Effect::unusual,
                fmt::format("the {} section at offset {} has flags 0x{:04x}: 0 was expected",
                            to_string(section.type), section.offset, section.flags));
        if (section.type == SectionType::signature && section.data.size() > signature_size_max)
            add(Effect::will_not_boot,
                fmt::format("the signature section at offset {} has {} bytes: {} at most",
                            section.offset, section.data.size(), signature_size_max));
        if (section.type == SectionType::cmdline &&
            std::any_of(section.data.begin(), section.data.end(),
                        [](std::uint8_t c) { return c == 0 || c == '\n'; }))
            add(Effect::will_not_boot,
                fmt::format("the cmdline section at offset {} holds a NUL or a newline",
                            section.offset));
    }
}

}  // namespace

Result<Image> Image::parse(BytesView file) {
    if (file.size() < header_size)
        return Error(EifError::not_an_image,
                     fmt::format("the file has {} bytes, and the header of an enclave image alone "
                                 "has {}: build an image with `glovebox eif build`",
                                 file.size(), header_size));
    Image image;
    image.file_ = file;
    image.header_ = Header::decode(file);
    judge_header(image.header_, image.findings_);

    auto walked = walk(file);
    auto by_table = follow_table(file, image.header_);
    if (!walked && !by_table) {
        if (image.header_.magic != magic)
            return Error(EifError::not_an_image, image.findings_.front().sentence);
        // Usually both stop at the same place.
        const std::string& sentence = by_table.error().message;
        return damaged(sentence.ends_with(walked.error().message)
                           ? walked.error().message
                           : walked.error().message + "; " + sentence);
    }
    if (walked) {
        image.trailing_ = walked->trailing;
        if (walked->trailing != 0)
            image.findings_.push_back(
                {Effect::unusual,
                 fmt::format("{} bytes follow the last section; AWS's tools leave them out of the "
                             "CRC that they check, the hypervisor does not",
                             walked->trailing)});
        if (!by_table)
            image.findings_.push_back({Effect::will_not_boot, by_table.error().message});
        else if (!same_places(walked->sections, *by_table))
            image.findings_.push_back(
                {Effect::will_not_boot,
                 fmt::format("the header's table lists {} sections and the file holds {}, in other "
                             "places: the hypervisor would load other bytes than AWS's tools "
                             "measure",
                             by_table->size(), walked->sections.size())});
        image.sections_ = std::move(walked->sections);
    } else {
        image.findings_.push_back(
            {Effect::aws_tools_refuse,
             "read from section to section, as AWS's tools do: " + walked.error().message});
        image.sections_ = std::move(*by_table);
    }
    judge_sections(image.header_, image.sections_, image.findings_);
    return image;
}

const Section* Image::find(SectionType type) const {
    const auto found = std::find_if(sections_.begin(), sections_.end(),
                                    [type](const Section& s) { return s.type == type; });
    return found == sections_.end() ? nullptr : &*found;
}

std::vector<const Section*> Image::all(SectionType type) const {
    std::vector<const Section*> result;
    for (const Section& section : sections_)
        if (section.type == type)
            result.push_back(&section);
    return result;
}

std::vector<BytesView> Image::ramdisks() const {
    std::vector<BytesView> result;
    for (const Section* section : all(SectionType::ramdisk))
        result.push_back(section->data);
    return result;
}

std::uint64_t Image::ramdisks_size() const {
    std::uint64_t size = 0;
    for (const BytesView ramdisk : ramdisks())
        size += ramdisk.size();
    return size;
}

std::string Image::name_of(std::size_t index) const {
    const Section& section = sections_[index];
    std::string name(to_string(section.type));
    if (section.type == SectionType::ramdisk) {
        const auto earlier =
            std::count_if(sections_.begin(), sections_.begin() + static_cast<std::ptrdiff_t>(index),
                          [](const Section& s) { return s.type == SectionType::ramdisk; });
        name += fmt::format(" {}", earlier);
    }
    return fmt::format("section {} ({}) at offset {}", index + 1, name, section.offset);
}

const Finding* Image::first(Finding::Effect effect) const {
    const auto found = std::find_if(findings_.begin(), findings_.end(),
                                    [effect](const Finding& f) { return f.effect == effect; });
    return found == findings_.end() ? nullptr : &*found;
}

}  // namespace glovebox::eif
