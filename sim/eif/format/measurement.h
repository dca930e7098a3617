// SPDX-License-Identifier: Apache-2.0

// What an image measures: the values that the security module holds in PCR0, 1, 2 and 8 once the
// image has booted, and the CRC that its header has to carry.
//
// A PCR is H(48 zero bytes, H(content)) with H = SHA-384, where content is section data alone,
// without headers, in the order of the file:
//   PCR0  kernel, cmdline and every ramdisk
//   PCR1  kernel, cmdline and the first ramdisk
//   PCR2  every ramdisk but the first (possibly nothing, which has a hash as well)
//   PCR8  the signing certificate's DER; there is none when the image is unsigned
// Metadata, signature, version and flags are in no PCR.
#pragma once

#include <cstdint>
#include <optional>

#include "core/base/error.h"
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

// PCR0 and PCR2 hash most bytes twice by their definition: a large image is hashed on two threads,
// so that it takes as long as one hash. `mapping`, if it is what the image was parsed from, has its
// pages given back as they are hashed.
[[nodiscard]] ContentMeasurement measure_content(const Image& image,
                                                 const MappedFile* mapping = nullptr);

// The same with PCR8. Fails when the signature section or its certificate can't be read.
[[nodiscard]] Result<Measurements> measure(const Image& image, const MappedFile* mapping = nullptr);

// CRC-32 (ISO-HDLC, as zlib's) over everything but the header's own CRC field. `checked_bytes` has
// header_size bytes at least.
[[nodiscard]] std::uint32_t image_crc32(BytesView checked_bytes);

}  // namespace glovebox::eif
