// SPDX-License-Identifier: Apache-2.0

// Whether an image's signature is good, and for this image.
#pragma once

#include <optional>

#include "core/base/error.h"
#include "core/crypto/pcr.h"
#include "sim/eif/format/certificate.h"
#include "sim/eif/format/image.h"
#include "sim/eif/format/signature_section.h"

namespace glovebox::eif {

// What a signature is worth. Nothing, when the image is unsigned.
struct SignatureVerdict {
    SignatureSection section;
    Certificate certificate;
    bool cose_verifies = false;     // the certificate's key signed this payload
    bool signs_this_image = false;  // the payload names the PCR0 that was measured
};
[[nodiscard]] Result<std::optional<SignatureVerdict>> check_signature(const Image& image,
                                                                      const Pcr& pcr0);

}  // namespace glovebox::eif
