// SPDX-License-Identifier: Apache-2.0

// The output of `nitro-cli describe-eif`, key for key, and remarks on what it leaves out.
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
    // Whether Nitro would start the image: no Finding but unusual ones, the CRC is right, and the
    // signature, if any, is made by its certificate, over this very image, at a time at which the
    // certificate is valid.
    bool good = false;
    bool crc_is_right = false;
    // Why nitro-cli describe-eif ends with E35 instead: its reader does not find the sections, or a
    // COSE signature does not verify. Empty if it prints the JSON.
    std::string refused_by_describe_eif;
    Measurements pcrs;
};

// `measured` is the image's content, `now` the time for the certificate's validity. Fails where
// AWS's reader fails (E35 of nitro-cli): a signature section, a certificate or metadata that cannot
// be read. Where the image can be described although AWS's
// reader fails, refused_by_describe_eif says why.
[[nodiscard]] Result<Description> describe(const Image& image, const ContentMeasurement& measured,
                                           TimePoint now);

}  // namespace glovebox::eif
