// SPDX-License-Identifier: Apache-2.0

// The measurements of an image: the values that the security module holds in PCR0, PCR1, PCR2 and
// PCR8 once the image has booted; and the CRC for its header.
//
// A PCR is H(48 zero bytes, H(content)), where H is SHA-384, the comma concatenates, and the
// content is the data of sections, without headers, in the order of the file:
//
//   PCR0  kernel, cmdline and every ramdisk
//   PCR1  kernel, cmdline and the first ramdisk
//   PCR2  every ramdisk but the first (if there is one only: the hash of nothing)
//   PCR8  the signing certificate's DER; absent if the image is unsigned. Of several signature
//         sections, which the hypervisor refuses, AWS's tools hash the certificates one after the
//         other
//
// Metadata, signature, version and flags are in no PCR.
#pragma once

#include <cstdint>
#include <optional>

#include "core/base/error.h"
#include "core/base/progress.h"
#include "core/crypto/pcr.h"
#include "sim/eif/base/mapped_file.h"
#include "sim/eif/format/image.h"

namespace glovebox::eif {

struct Measurements {
    Pcr pcr0{};
    Pcr pcr1{};
    Pcr pcr2{};
    std::optional<Pcr> pcr8;

    friend bool operator==(const Measurements&, const Measurements&) = default;
};

struct ContentMeasurement {
    Measurements pcrs;  // without pcr8
    std::uint32_t crc32 = 0;
};

// Computes PCR0 to PCR2 and the CRC. PCR0 and PCR2 both hash most of the bytes, so a large image is
// hashed on two threads and takes as long as one hash. If `mapping` is given, it is the file that
// the image was parsed from, and its pages are dropped as they are hashed.
[[nodiscard]] ContentMeasurement measure_content(const Image& image,
                                                 const MappedFile* mapping = nullptr,
                                                 Progress& progress = no_progress());

// PCR0 to PCR2, and PCR8 if the image has a signature section. An error if that section or its
// certificate cannot be read. The signature is not verified: check_signature does.
[[nodiscard]] Result<Measurements> measure(const Image& image, const MappedFile* mapping = nullptr);

// PCR8 of an image with these signature sections: of the certificates of all of them. An error if a
// section or its certificate cannot be read.
[[nodiscard]] Result<Pcr> measure_signatures(const std::vector<const Section*>& signatures);

// CRC-32 (ISO-HDLC, zlib's) over everything but the four bytes of the header's CRC field.
// `checked_bytes` has at least header_size bytes.
[[nodiscard]] std::uint32_t image_crc32(BytesView checked_bytes);

}  // namespace glovebox::eif
