// SPDX-License-Identifier: Apache-2.0

// What `nitro-cli describe-eif` prints of an image, key for key, and what it should have said
// besides.
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "sim/eif/format/image.h"
#include "sim/eif/format/measurement.h"

namespace glovebox::eif {

// {"HashAlgorithm": "Sha384 { ... }", "PCR0": "...", "PCR1": "...", "PCR2": "..."[, "PCR8": "..."]}
[[nodiscard]] boost::json::value measurements_json(const Measurements& pcrs);

struct Description {
    // EifVersion, Measurements, IsSigned, [SigningCertificate,] CheckCRC, [SignatureCheck,]
    // [ImageName, ImageVersion, Metadata]
    boost::json::value json;
    // Sentences: each broken rule with the program that refuses it, a wrong CRC, what the signature
    // covers.
    std::vector<std::string> remarks;
    // Whether Nitro would start it: no finding against it, CRC right, signature (if any) by the
    // certificate in it, over this very image, at a time at which the certificate is valid.
    bool good = false;
    bool crc_is_right = false;
    Measurements pcrs;
};

// Fails where AWS's reader does (E35 of nitro-cli): an unreadable signature section or certificate,
// or metadata that is not of its form. Where AWS's fails on a COSE signature that does not verify,
// the answer is SignatureCheck false with a remark.
//
// `mapping`: as for measure_content.
[[nodiscard]] Result<Description> describe(const Image& image, TimePoint now,
                                           const MappedFile* mapping = nullptr);

}  // namespace glovebox::eif
