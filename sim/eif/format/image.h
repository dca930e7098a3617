// SPDX-License-Identifier: Apache-2.0

// An enclave image that was read from bytes, and the rules that it breaks. header.h draws the file.
//
// On Nitro, two programs read an image, by different rules, and one may accept a file that the
// other refuses:
//
//  - the **hypervisor** follows the header's table of offsets and sizes, ignores bytes between the
//    sections, checks the CRC, and requires one kernel, one cmdline, and the ramdisks after the
//    kernel;
//  - **AWS's tools** (describe-eif, sign-eif, the measuring in run-enclave) ignore the table, the
//    magic and the version, and walk from byte 548 from section header to section header until
//    fewer than 12 bytes remain.
//
// Image::parse does both. It succeeds if either of the two finds the sections, and reports a
// Finding for each rule that the file breaks, with the program that refuses it. A file that neither
// can read is an error.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "sim/eif/format/header.h"

namespace glovebox::eif {

struct Section {
    SectionType type;
    std::uint16_t flags;
    std::uint64_t offset;  // of its 12-byte header in the file
    BytesView data;
};

// Something about an image that can be parsed and is still wrong or unusual, as a sentence for
// people.
struct Finding {
    enum class Effect {
        will_not_boot,     // the hypervisor refuses it, or loads other bytes than were measured
        aws_tools_refuse,  // it boots, and nitro-cli describe-eif and run-enclave fail with E35
        unusual            // both take it
    };
    Effect effect;
    std::string sentence;
};

class Image {
  public:
    // Keeps views into `file`, which outlives the image. Checks every size and offset against the
    // file before use. Does not read the contents, so it takes the same time for every size. Errors
    // are EifError::not_an_image or damaged.
    [[nodiscard]] static Result<Image> parse(BytesView file);

    [[nodiscard]] BytesView file() const { return file_; }
    [[nodiscard]] const Header& header() const { return header_; }
    // The bytes that the CRC covers: the file without the bytes after its last section. A correct
    // image has none there; any file that can be read by walking has at most 11. AWS's tools leave
    // them out of the CRC, the hypervisor does not.
    [[nodiscard]] BytesView checked_bytes() const { return file_.first(file_.size() - trailing_); }
    // In the order in which they are measured: as AWS's tools walk or, if these cannot, as the
    // table lists.
    [[nodiscard]] const std::vector<Section>& sections() const { return sections_; }
    // The first section of that type, or null.
    [[nodiscard]] const Section* find(SectionType type) const;
    // All sections of that type, in order.
    [[nodiscard]] std::vector<const Section*> all(SectionType type) const;
    // The data of the ramdisks, in order.
    [[nodiscard]] std::vector<BytesView> ramdisks() const;
    [[nodiscard]] std::uint64_t ramdisks_size() const;  // of all of them, in bytes
    [[nodiscard]] bool is_signed() const { return find(SectionType::signature) != nullptr; }
    // "section 4 (ramdisk 0) at offset 300912"; `index` counts from 0 in sections().
    [[nodiscard]] std::string name_of(std::size_t index) const;

    [[nodiscard]] const std::vector<Finding>& findings() const { return findings_; }
    [[nodiscard]] bool has(Finding::Effect effect) const { return first(effect) != nullptr; }
    // The first finding of that effect, or null.
    [[nodiscard]] const Finding* first(Finding::Effect effect) const;

  private:
    BytesView file_;
    std::size_t trailing_ = 0;
    Header header_;
    std::vector<Section> sections_;
    std::vector<Finding> findings_;
};

}  // namespace glovebox::eif
