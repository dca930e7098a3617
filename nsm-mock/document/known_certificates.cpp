// SPDX-License-Identifier: Apache-2.0

#include "nsm-mock/document/known_certificates.h"

namespace glovebox::nsm {

Result<Certificate> KnownCertificates::read(const Bytes& der) {
    if (auto known = certificates_.find(der))
        return std::move(*known);
    auto certificate = Certificate::from_der(der);
    if (certificate)
        certificates_.add(der, *certificate);
    return certificate;
}

}  // namespace glovebox::nsm
