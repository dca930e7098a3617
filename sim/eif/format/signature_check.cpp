// SPDX-License-Identifier: Apache-2.0

#include "sim/eif/format/signature_check.h"

namespace glovebox::eif {

Result<std::optional<SignatureVerdict>> check_signature(const Image& image, const Pcr& pcr0) {
    const Section* data = image.find(SectionType::signature);
    if (data == nullptr)
        return std::optional<SignatureVerdict>();
    auto section = SignatureSection::decode(data->data);
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
                                          .signs_this_image = this_image});
}

}  // namespace glovebox::eif
