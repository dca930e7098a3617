// SPDX-License-Identifier: Apache-2.0

// Verification of an image's signature: is it genuine, and is it for this image?
#pragma once

#include <optional>

#include "core/base/error.h"
#include "core/crypto/pcr.h"
#include "sim/eif/format/certificate.h"
#include "sim/eif/format/image.h"
#include "sim/eif/format/signature_section.h"

namespace glovebox::eif {

// The result for a signed image.
struct SignatureVerdict {
    SignatureSection section;
    Certificate certificate;
    bool cose_verifies = false;     // the certificate's key signed this payload
    bool signs_this_image = false;  // the payload is PCR0 as it was measured
    Pcr pcr8{};
};
// `pcr0` is the measurement of `image`. Of several signature sections AWS's reader checks the last,
// and measures the certificates of all. Empty if the image is unsigned. An error if the section or
// its certificate cannot be read, or the key does not fit the algorithm; a signature that does not
// verify is a value.
[[nodiscard]] Result<std::optional<SignatureVerdict>> check_signature(const Image& image,
                                                                      const Pcr& pcr0);

}  // namespace glovebox::eif
