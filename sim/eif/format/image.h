// SPDX-License-Identifier: Apache-2.0

// An enclave image read from bytes, and what is wrong with it.
//
// Two programs read an image on Nitro, by different rules, and one may accept a file that the
// other refuses:
//  - the **hypervisor** follows the header's table of offsets and sizes, skips what lies between,
//    checks the CRC and wants one kernel, one cmdline, ramdisks behind the kernel;
//  - **AWS's tools** (describe-eif, sign-eif, the measuring in run-enclave) ignore the table, the
//    magic and the version, and walk from byte 548 from section header to section header until
//    fewer than 12 bytes remain.
// Image::parse does both. It gives the sections when either finds them, and a Finding for each rule
// that the file breaks, with the program that refuses it. A file that neither program can read is
// an error.
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
    // Keeps views into `file`. Every size and offset is checked against the file before use; the
    // content is not read, so this takes the same time for every size.
    [[nodiscard]] static Result<Image> parse(BytesView file);

    [[nodiscard]] BytesView file() const { return file_; }
    [[nodiscard]] const Header& header() const { return header_; }
    // What the CRC covers: the file without the bytes behind its last section, of which there are
    // none in a right image and 11 at the most in any. AWS's tools leave them out, the hypervisor
    // does not.
    [[nodiscard]] BytesView checked_bytes() const { return file_.first(file_.size() - trailing_); }
    // In the order in which they are measured.
    [[nodiscard]] const std::vector<Section>& sections() const { return sections_; }
    // The first section of that type.
    [[nodiscard]] const Section* find(SectionType type) const;
    [[nodiscard]] std::vector<BytesView> ramdisks() const;
    [[nodiscard]] bool is_signed() const { return find(SectionType::signature) != nullptr; }
    // "section 4 (ramdisk 0) at offset 300912"; `index` counts from 0 in sections().
    [[nodiscard]] std::string name_of(std::size_t index) const;

    [[nodiscard]] const std::vector<Finding>& findings() const { return findings_; }
    [[nodiscard]] bool has(Finding::Effect effect) const;

  private:
    BytesView file_;
    std::size_t trailing_ = 0;
    Header header_;
    std::vector<Section> sections_;
    std::vector<Finding> findings_;
};

}  // namespace glovebox::eif
