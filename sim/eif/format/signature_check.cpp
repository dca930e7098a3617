// SPDX-License-Identifier: Apache-2.0

#include "sim/eif/format/signature_check.h"

#include "sim/eif/format/measurement.h"

namespace glovebox::eif {

Result<std::optional<SignatureVerdict>> check_signature(const Image& image, const Pcr& pcr0) {
    const std::vector<const Section*> signatures = image.all(SectionType::signature);
    if (signatures.empty())
        return std::optional<SignatureVerdict>();
    const auto pcr8 = measure_signatures(signatures);
    if (!pcr8)
        return pcr8.error();
    auto section = SignatureSection::decode(signatures.back()->data);
    if (!section)
        return section.error();
    auto certificate = Certificate::from_pem(section->certificate_pem);
    if (!certificate)
        return certificate.error();
    const auto verifies = certificate->verifies(section->cose);
    if (!verifies)
        return verifies.error();
    const bool this_image = section->cose.payload == encode_pcr0_payload(pcr0);
    return std::optional(SignatureVerdict{.section = std::move(*section),
                                          .certificate = std::move(*certificate),
                                          .cose_verifies = *verifies,
                                          .signs_this_image = this_image,
                                          .pcr8 = *pcr8});
}

}  // namespace glovebox::eif
