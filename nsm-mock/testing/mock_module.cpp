// SPDX-License-Identifier: Apache-2.0

#include "nsm-mock/testing/mock_module.h"

#include "nsm-mock/document/cose_sign1.h"

namespace glovebox::nsm::test {

AttestationDocument MockModule::document(request::Attestation fields) {
    return claims_of(client.attest(std::move(fields)).value());
}

AttestationDocument claims_of(BytesView document) {
    std::vector<std::string> warnings;
    return decode_payload(CoseSign1::decode(document).value().payload, FieldLimits::lenient,
                          warnings)
        .value();
}

}  // namespace glovebox::nsm::test
